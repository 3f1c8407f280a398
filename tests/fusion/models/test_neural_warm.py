"""Warm starts of neural: the earlier towers exactly, new items fresh, a share of the steps."""

import numpy as np
import pytest

from fusion.models.base.allowed import Allowed
from fusion.models.neural import Neural
from fusion.models.nn.settings import NeuralConfig
from fusion.models.nn.two_tower_warm_start import WarmState, begin, keep
from tests.fusion.models.planted import HOUR, context, cycles, dataset, everyone

SMALL = NeuralConfig(
    size=16, last=8, encoder="none", negatives=16, batch=16, learning_rate=0.01, dropout=0.1
)
READING = SMALL.model_copy(update={"encoder": "tfidf"})
TEXTS = [
    f"{a} {b}" for a in ("space", "lemon", "chess", "piano") for b in ("opera", "garden", "winter")
]


@pytest.fixture(scope="module")
def cycle():
    return cycles()


@pytest.fixture(scope="module")
def before(cycle):
    """What happened in the first half, where everyone had taken five items."""
    return cycle.before(5 * 60 * HOUR)


@pytest.fixture(scope="module")
def first(before):
    return Neural(SMALL).fit(before, context(max_steps=300, keep=True))


def events(later):
    """Events of users round a circle of twelve, five each, then `later`."""
    return [(u, (u * 5 + step) % 12) for step in range(5) for u in range(60)] + later


def test_it_begins_with_the_very_weights_of_the_earlier_cut(cycle, first):
    begun = Neural(SMALL).fit(cycle, context(9, max_steps=0, warm=first.state(), keep=True))
    assert begun.notes["steps"] == 0
    mine, theirs = begun.state(), first.state()
    assert mine.keys() == theirs.keys()
    for name in mine.keys() - {"warm events"}:
        assert np.array_equal(mine[name], theirs[name]), name
    assert (theirs["warm events"], mine["warm events"]) == (300, 600)


def test_new_items_begin_at_their_text_and_all_others_where_they_were():
    """The items known earlier need not come first: here every third one is new."""
    rows = [(u, i) for u, i in events([]) if i % 3]
    texts = [*TEXTS, None, "jazz night"]
    short = dataset(rows, 14, texts)
    first = Neural(READING).fit(short, context(max_steps=50, keep=True))
    later = dataset(rows + [(u, i) for u, i in events([]) if not i % 3] + [(0, 12)], 14, texts)
    begun = Neural(READING).fit(later, context(9, max_steps=0, warm=first.state(), keep=True))
    kept = begun.kept_
    assert kept["items"].tolist() == list(range(13))
    assert first.kept_["items"].tolist() == [1, 2, 4, 5, 7, 8, 10, 11]
    assert np.array_equal(kept["ids"][first.kept_["items"]], first.kept_["ids"])
    new = [0, 3, 6, 9, 12]
    assert not kept["ids"][new].any()
    assert np.array_equal(kept["meaning"], first.kept_["meaning"])
    vectors = {
        model: dict(zip(model.items_.tolist(), model.vectors_, strict=True))
        for model in (first, begun)
    }
    assert set(vectors[begun]) - set(vectors[first]) == {12}, "a new item without text"
    assert all(
        np.array_equal(vectors[first][item], vectors[begun][item]) for item in vectors[first]
    )
    assert not vectors[begun][12].any()


def test_it_goes_on_where_a_fit_from_nothing_has_hardly_begun(cycle, first):
    users = everyone(cycle)
    following = (users.items[users.borders[1:] - 1] + 1) % 12

    def right(**how):
        top = (
            Neural(SMALL)
            .fit(cycle, context(**how))
            .top(users, 1, Allowed(np.ones(12, bool), seen=True))
        )
        return (top.items[:, 0] == following).mean()

    assert right(max_steps=4, warm=first.state()) > 0.95
    assert right(max_steps=4) < 0.6


def test_it_learns_an_item_that_is_new(first):
    """Everyone then takes item 12, which nobody had; it has no text, only these events."""
    short = dataset(events([]), 13)
    first = Neural(SMALL).fit(short, context(max_steps=200, keep=True))
    later = dataset(events([(u, 12) for u in range(60)]), 13)
    warm = Neural(SMALL).fit(later, context(max_steps=200, warm=first.state()))
    before = short.users_at(np.arange(60, dtype=np.int32), np.full(60, short.as_of))
    places = (warm.scores(before) > warm.scores(before)[:, [12]]).sum(axis=1)
    assert np.isnan(first.scores(before)[:, 12]).all()
    assert places.mean() < 2


def test_steps_are_the_share_of_news_and_a_quarter_at_least(cycle, before, first):
    warm = Neural(SMALL).fit(cycle, context(max_steps=101, warm=first.state()))
    assert (warm.notes["steps"], warm.notes["steps_from_nothing"], warm.notes["new_events"]) == (
        51,
        101,
        0.5,
    )
    again = Neural(SMALL).fit(before, context(max_steps=101, warm=first.state()))
    assert (again.notes["steps"], again.notes["new_events"]) == (26, 0)
    ids = np.zeros((1, 2), np.float32)
    assert [WarmState(ids, None, {}, news).steps(8) for news in (0.0, 0.25, 0.26, 0.5, 1.0)] == [
        2,
        2,
        3,
        4,
        8,
    ]
    assert WarmState(ids, None, {}, 0.0).steps(1) == 1


def test_same_start_same_bits_other_start_other_bits(cycle, before, first):
    again, twin = (
        Neural(SMALL).fit(cycle, context(max_steps=40, warm=first.state(), keep=True))
        for _ in range(2)
    )
    for name, values in again.state().items():
        assert np.array_equal(values, twin.state()[name]), name
    other = Neural(SMALL).fit(before, context(1, max_steps=300, keep=True))
    assert not np.array_equal(
        Neural(SMALL).fit(cycle, context(max_steps=40, warm=other.state())).vectors_, again.vectors_
    )
    assert not np.array_equal(
        Neural(SMALL).fit(cycle, context(max_steps=40)).vectors_, again.vectors_
    )


def test_the_state_given_is_left_as_it_is(cycle, first):
    given = {name: values.copy() for name, values in first.state().items()}
    Neural(SMALL).fit(cycle, context(max_steps=20, warm=first.state()))
    for name, values in first.state().items():
        assert np.array_equal(values, given[name]), name


def test_keeping_moves_no_bit_and_is_off_by_default(before, first):
    plain = Neural(SMALL).fit(before, context(max_steps=300))
    assert not [name for name in plain.state() if name.startswith("warm")]
    for name, values in plain.state().items():
        assert np.array_equal(values, first.state()[name]), name


def test_a_kept_state_survives_the_file(cycle, first, tmp_path):
    np.savez(tmp_path / "state.npz", allow_pickle=False, **first.state())
    with np.load(tmp_path / "state.npz", allow_pickle=False) as stored:
        read = Neural(SMALL).fit(cycle, context(max_steps=20, warm=dict(stored)))
    assert np.array_equal(
        read.vectors_, Neural(SMALL).fit(cycle, context(max_steps=20, warm=first.state())).vectors_
    )


def test_what_was_fitted_later_is_refused(cycle, before):
    later = Neural(SMALL).fit(cycle, context(max_steps=1, keep=True))
    with pytest.raises(
        ValueError,
        match=r"earlier cut of the same data: this one knows 600 events and 12 items.* on 300",
    ):
        Neural(SMALL).fit(before, context(max_steps=1, warm=later.state()))
    strange = keep(np.array([0, 5], np.int32), np.ones((2, 4), np.float32), None, 3)
    with pytest.raises(ValueError, match="earlier cut"):
        begin(strange, {}, np.array([0, 1, 2], np.int32), 9)


def test_a_state_without_what_is_needed_is_refused(cycle, before):
    plain = Neural(SMALL).fit(before, context(max_steps=1))
    with pytest.raises(ValueError, match="whose context said `keep`"):
        Neural(SMALL).fit(cycle, context(max_steps=1, warm=plain.state()))


def test_after_a_cut_with_nothing_to_learn_from_it_begins_from_nothing(cycle):
    silent = Neural(SMALL).fit(dataset([(0, 0), (1, 1)], 12), context(max_steps=3, keep=True))
    found = Neural(SMALL).fit(cycle, context(max_steps=30, warm=silent.state()))
    assert "new_events" not in found.notes
    assert np.array_equal(found.vectors_, Neural(SMALL).fit(cycle, context(max_steps=30)).vectors_)


def test_weights_are_learned_on(cycle, before):
    config = SMALL.model_copy(update={"loss": "mse"})
    first = Neural(config).fit(before, context(max_steps=20, keep=True))
    warm = Neural(config).fit(cycle, context(max_steps=20, warm=first.state()))
    assert warm.notes["steps"] == 10
    assert np.isfinite(warm.scores(everyone(cycle))).all()


def test_the_seconds_cap_leaves_one_step_of_a_warm_fit(cycle, first):
    config = SMALL.model_copy(update={"steps": 1000})
    capped = Neural(config).fit(cycle, context(seconds=1e-9, max_steps=1000, warm=first.state()))
    assert (capped.notes["steps"], capped.notes["capped"], capped.notes["capped_at"]) == (
        1,
        True,
        "step 501 of 1000",
    )
