"""Lists judged as they were served: a slow and obvious judgement beside the one that counts."""

import numpy as np
import pytest

from fusion.evaluation.realised.judge_lists import judge_lists
from fusion.metrics.ranking import hits_of, ndcg
from tests.fusion.evaluation.realised.slow_judge import labels_of, mean_ndcg
from tests.fusion.evaluation.realised.worlds import World, random_world


def judge(world):
    """Judge a world as it stands."""
    return judge_lists(world.served(), world.labels(), seed=3)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("n_blocks", [0, 60])
def test_the_slow_judgement_says_the_same(seed, n_blocks):
    world = random_world(seed, n_blocks)
    judged = judge(world)
    labels = labels_of(world.events, world.start, world.end)
    everyone = {user for user, _ in labels}
    known = {user for user, _, time, _ in world.events if time < world.start}
    parts = {"everyone": everyone, "all": everyone & known}
    for route in ("warm", "sparse", "cold", "unknown"):
        parts[route] = {u for u in everyone if world.route_of.get(u, "unknown") == route}
    parts["land=A"] = {user for user in everyone if world.segment_of.get(user) == "land=A"}
    assert (judged.users, judged.labels) == (len(everyone), len(labels))
    for segment, users in parts.items():
        for k in (10, 20):
            figure = judged.figure(segment, "ndcg", k)
            assert figure.users == len(users)
            assert figure.lists.value == pytest.approx(mean_ndcg(world, users, k), abs=1e-6)
            instead = mean_ndcg(world, users, k, is_fallback=True)
            assert figure.fallback.value == pytest.approx(instead, abs=1e-6)
            assert figure.gap.value == pytest.approx(
                figure.lists.value - figure.fallback.value, abs=1e-6
            )
            assert figure.lists.low <= figure.lists.value <= figure.lists.high


def test_the_verdicts_code_says_the_same():
    """Without blocks and fallback, places by row numbers give what the verdict would say."""
    world = random_world(9)
    names = sorted({item for items in world.lists.values() for item in items})
    users = sorted(world.lists)
    labels = {pair for pair in labels_of(world.events, world.start, world.end) if pair[0] in users}
    with_label = [user for user in users if any(whom == user for whom, _ in labels)]
    lists = np.full((len(with_label), 20), -1, np.int32)
    for row, user in enumerate(with_label):
        shown = world.lists[user][:20]
        lists[row, : len(shown)] = [names.index(item) for item in shown]
    rows = np.arange(len(with_label), dtype=np.int32)
    listable = [(user, item) for user, item in labels if item in names]
    label_users = np.array([with_label.index(user) for user, _ in listable], np.int32)
    label_items = np.array([names.index(item) for _, item in listable], np.int32)
    assert len(listable) == len(labels)
    hits, counts = hits_of(lists, rows, label_users, label_items)
    world.route_of = {user: "warm" for user in users}
    expected = ndcg(hits, counts, 10).mean()
    assert judge(world).figure("warm", "ndcg", 10).lists.value == pytest.approx(expected, abs=1e-6)


def _one_user(**more) -> World:
    shown = [f"i{number}" for number in range(30)]
    settled = {
        "lists": {"u": shown},
        "segment_of": {"u": None},
        "route_of": {"u": "warm"},
        "fallback": {"all": ["p", "q"]},
        "events": [("u", "old", 10, True), ("u", "i1", 1500, True)],
        "blocks": [],
    }
    return World(**{**settled, **more})


def value(world, name="ndcg", k=10, segment="all"):
    """A figure of what was served."""
    return judge(world).figure(segment, name, k).lists.value


def test_a_block_moves_what_stands_below_it_up():
    assert value(_one_user()) == pytest.approx(1 / np.log2(3))
    assert value(_one_user(blocks=[("i0", None, None, None)])) == pytest.approx(1)
    assert value(_one_user(blocks=[("i0", "u", None, None)])) == pytest.approx(1)
    assert value(_one_user(blocks=[("i0", "else", None, None)])) == pytest.approx(1 / np.log2(3))
    assert value(_one_user(blocks=[("i1", None, None, None)])) == 0


def test_a_block_acts_only_from_its_beginning_to_its_end():
    for blocks, expected in (
        ([("i1", None, 1501, None)], 1 / np.log2(3)),  # begun after it was taken
        ([("i1", None, 1500, None)], 0),
        ([("i1", None, None, 1500)], 1 / np.log2(3)),  # ended before
        ([("i1", None, 1200, 1600)], 0),
    ):
        assert value(_one_user(blocks=blocks)) == pytest.approx(expected), blocks


def test_the_reserve_fills_up_what_is_blocked():
    taken = [("u", "old", 10, True), ("u", "i20", 1500, True)]
    assert value(_one_user(events=taken), "any_hit", 20) == 0
    blocked = [("i3", None, None, None)]
    assert value(_one_user(events=taken, blocks=blocked), "any_hit", 20) == 1


def test_who_has_no_list_has_the_fallback_of_the_segment_then_that_of_all():
    fallback = {"all": ["p", "q"], "land=A": ["a"]}
    unlisted = {"lists": {"else": ["x"]}, "fallback": fallback, "segment_of": {"u": "land=A"}}
    taken_q = [("u", "old", 10, True), ("u", "q", 1500, True)]
    taken_a = [("u", "old", 10, True), ("u", "a", 1500, True)]
    assert value(_one_user(**unlisted, events=taken_a)) == 1
    assert value(_one_user(**unlisted, events=taken_q)) == 0
    # All of the segment's list is blocked: what serves is that of all.
    blocked = {"blocks": [("a", None, None, None)]}
    assert value(_one_user(**unlisted, **blocked, events=taken_q)) == pytest.approx(1 / np.log2(3))


def test_who_is_shown_nothing_counts_nothing():
    world = _one_user(lists={"else": ["x"]}, fallback={"all": ["p"]})
    world.blocks = [("p", None, None, None)]
    figure = judge(world).figure("all", "ndcg", 10)
    assert (figure.users, figure.lists.value) == (1, 0)


def test_what_a_user_had_is_no_label_unless_lists_repeat_it():
    world = _one_user(events=[("u", "i0", 10, True), ("u", "i0", 1500, True)])
    assert judge(world).users == 0
    repeated = world.labels(repeats=True)
    assert judge_lists(world.served(), repeated, seed=0).figure("all", "hit", 10).users == 1


def test_what_is_not_liked_and_what_lies_outside_of_the_span_are_no_labels():
    for time, liked in ((999, True), (2000, True), (1500, False)):
        events = [("u", "old", 10, True), ("u", "i0", time, liked)]
        assert judge(_one_user(events=events)).users == 0


def test_an_item_that_could_not_be_listed_is_no_label():
    world = _one_user()
    unavailable = world.labels().rows["item"]
    assert world.labels(unavailable=unavailable).rows.is_empty()


def test_new_items_are_those_that_nobody_had_taken():
    events = [
        ("u", "old", 10, True),
        ("else", "i0", 20, True),
        ("u", "i0", 1500, True),
        ("u", "i5", 1500, True),
    ]
    new = judge(_one_user(events=events))
    figure = new.figure("new_items", "recall", 10)
    assert (figure.users, figure.lists.value) == (1, 1)
    assert new.figure("new_items", "ndcg", 10).lists.value == pytest.approx(1 / np.log2(7))


def test_users_without_a_history_are_apart_from_all():
    events = [("u", "old", 10, True), ("u", "i0", 1500, True), ("fresh", "p", 1500, True)]
    judged = judge(_one_user(events=events))
    assert judged.figure("all", "hit", 10).users == 1
    assert judged.figure("everyone", "hit", 10).users == 2
    assert judged.figure("unknown", "ndcg", 10).lists.value == 1


def test_the_gap_is_paired():
    """Everyone gains the same over the fallback: what users differ in does not widen the gap."""
    shown = {f"u{number:02d}": ["a", "b"] for number in range(40)}
    events = [(user, "old", 10, True) for user in shown]
    for number, user in enumerate(shown):
        events += [(user, "a", 1500, True)]
        events += [(user, f"x{extra}", 1500, True) for extra in range(number % 5)]
    world = _one_user(
        lists=shown,
        segment_of=dict.fromkeys(shown),
        route_of=dict.fromkeys(shown, "warm"),
        events=events,
        fallback={"all": ["b", "a"]},
    )
    hit = judge(world).figure("all", "hit", 10)
    assert (hit.gap.low, hit.gap.high) == (0, 0)
    precision = judge(world).figure("all", "recall", 10)
    assert precision.lists.high > precision.lists.low
    assert (precision.gap.low, precision.gap.high) == (0, 0)
