"""Lists that do less than was promised: an alert with its cause, and none in a steady world."""

import pytest

from flows.steps.arrivals.watch import watch_placement
from storage.watches.alerts import acknowledge, alerts_of
from tests.flows.steps.realised.planted import USERS, promise
from tests.fusion.evaluation.realised.slow_judge import mean_ndcg


def watch(shop, day: float):
    """Let everything by a day arrive, and watch."""
    return watch_placement(shop.session, shop.arrive(day))


def honest_promise(shop, begin: float, end: float):
    """What a window before promised: its own figure, give or take a third; of a day nine tenths."""
    value = mean_ndcg(shop.slow(begin, end), USERS, 10)
    day, _ = promise(value, value * 0.1, value * 1.9)
    _, window = promise(value, value * 0.67, value * 1.33)
    return [day, window]


@pytest.mark.parametrize("seed", range(4))
def test_a_taste_that_flips_after_publishing_raises_quality_and_a_steady_one_does_not(
    tmp_path, make_shop, seed
):
    for name, after in (("steady", 0.6), ("flipped", 0.0)):
        folder = tmp_path / name
        folder.mkdir()
        shop = make_shop(folder, seed)
        shop.live_on(21, 28, taste=0.6)
        run_id = shop.publish(28, honest_promise(shop, 21, 28))
        shop.live_on(28, 37, taste=after)
        outcome = watch(shop, 36)
        causes = [(one.cause, one.kind, one.subject) for one in outcome.alerts]
        facts = {one["horizon"]: one for one in outcome.facts["realised"]}
        if name == "steady":
            assert causes == []
            assert (facts["window"]["is_below"], outcome.exit_code) == (False, 0)
            continue
        assert ("quality", "change", "window") in causes
        assert facts["window"]["is_below"]
        assert outcome.exit_code == 4
        alert = next(one for one in outcome.alerts if one.subject == "window")
        assert alert.severity == "alarm"
        promised = facts["window"]["promised"]
        assert alert.message == (
            f"The lists do less than was promised (run {run_id}, first 7 days from "
            f"2024-01-29 00:00): NDCG@10 {facts['window']['value']:.4f} over "
            f"{facts['window']['users']} users, promised {promised['low']:.4f} to "
            f"{promised['high']:.4f}. Did taste, range or the way lists are shown change? Look at "
            "the other alerts, and retrain; `fusion rollback` shows the run before."
        )


def test_it_stands_until_a_later_run_does_what_it_promised(any_shop):
    shop = any_shop
    engine = shop.session.engine
    shop.live_on(14, 28, taste=0.6)
    shop.publish(21, honest_promise(shop, 14, 21))
    assert watch(shop, 28.5).alerts == ()
    shop.publish(28, honest_promise(shop, 21, 28))
    shop.live_on(28, 36, taste=0.05)
    raised = {one.subject: one for one in watch(shop, 36).alerts}
    # Only what a whole window says is sure; a day of thirty users may be one to look at.
    assert raised["window"].severity == "alarm"
    assert "; 0." in raised["window"].message
    assert raised["window"].message.count("of 1 earlier run.") == 1
    again = {one.subject: one.id for one in watch(shop, 36.9).alerts}
    assert again == {subject: one.id for subject, one in raised.items()}
    acknowledge(engine, "default", raised["window"].id, by="ann", why="known")
    assert [one.state for one in watch(shop, 36.9).alerts if one.subject == "window"] == [
        "acknowledged"
    ]
    # A new run: before its window closes nothing changes, then it is what was promised.
    shop.publish(36, honest_promise(shop, 14, 21))
    shop.live_on(36, 45, taste=0.6)
    standing = {one.subject: one.state for one in watch(shop, 38).alerts}
    assert standing == {"window": "acknowledged"}
    assert watch(shop, 44).alerts == ()
    resolved = alerts_of(engine, "default", ["resolved"])
    assert {one.subject for one in resolved} == set(raised)
    why = next(one.resolved_why for one in resolved if one.subject == "window")
    assert "does what it promised: NDCG@10 0." in why


def test_what_is_below_and_not_surely_so_is_something_to_look_at(planted_shop):
    """Of few past windows even a far miss is no alarm: it would spend the budget of false ones."""
    shop = planted_shop
    shop.live_on(21, 28, taste=0.6)
    few = [{**one, "windows": 3} for one in honest_promise(shop, 21, 28)]
    shop.publish(28, few)
    shop.live_on(28, 37, taste=0.0)
    outcome = watch(shop, 36)
    assert {(one.cause, one.severity) for one in outcome.alerts} == {("quality", "look")}
    assert outcome.exit_code == 0


def test_an_early_figure_raises_nothing(planted_shop):
    shop = planted_shop
    shop.live_on(21, 28, taste=0.6)
    shop.publish(28, honest_promise(shop, 21, 28))
    shop.live_on(28, 37, taste=0.0)
    outcome = watch(shop, 28.95)
    assert {one["is_early"] for one in outcome.facts["realised"]} == {True}
    assert outcome.alerts == ()


@pytest.mark.parametrize(
    ("promised", "note"),
    [
        (None, "its verdict promised nothing"),
        ([], "its verdict promised nothing"),
        (
            [{**one, "low": None, "high": None} for one in promise(0.5, 0.0, 1.0)],
            "its verdict knew too few past windows to promise an interval",
        ),
    ],
)
def test_without_a_promise_nothing_is_compared_and_that_is_said(planted_shop, promised, note):
    shop = planted_shop
    shop.publish(28, promised)
    shop.live_on(28, 37, taste=0.0)
    outcome = watch(shop, 36)
    said = {one["horizon"]: one["note"] for one in outcome.facts["realised"]}
    assert said == {"day": note, "window": note, "daily": None}
    assert {one["is_below"] for one in outcome.facts["realised"]} == {None}
    assert outcome.alerts == ()
