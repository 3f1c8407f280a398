"""What a watch says of published lists: at exactly their horizons, and the slow way beside it."""

from datetime import timedelta

import pytest
from sqlalchemy import insert

from flows.cli.screens.alarms.realised import describe_outcome
from flows.steps.arrivals.watch import watch_placement
from storage.database.engine import writing
from storage.schema.tables import blocked_item
from storage.watches.realised import first_screens, realised_of
from tests.flows.steps.realised.planted import USERS, at, ms, promise
from tests.fusion.evaluation.realised.slow_judge import mean_ndcg


def watch(shop, day: float):
    """Let everything by a day arrive, and watch."""
    return watch_placement(shop.session, shop.arrive(day))


def stored(shop, run_no: int = 1, segment: str = "all", name: str = "ndcg", k: int = 10):
    """The stored row of a run by horizon."""
    rows = realised_of(shop.session.engine, "default", run_no)
    return {r.horizon: r for r in rows if (r.segment, r.name, r.k) == (segment, name, k)}


def slow(shop, begin: float, end: float, **more) -> float:
    """NDCG@10 of a span by plain loops."""
    return mean_ndcg(shop.slow(begin, end, **more), USERS, 10)


def by_horizon(outcome, run_id=None):
    """The realised facts of a run."""
    listed = outcome.facts["realised"]
    return {one["horizon"]: one for one in listed if run_id in (None, one["run_id"])}


def test_a_run_is_judged_at_its_day_and_its_window_and_early_figures_say_so(any_shop):
    shop = any_shop
    run_id = shop.publish(28)
    shop.live_on(28, 40, taste=0.5)
    first = by_horizon(watch(shop, 28.6))
    assert first.keys() == {"day", "window"}
    for one in first.values():
        assert one["is_early"]
        assert one["note"] == "early, and compared with nothing"
        assert one["value"] == pytest.approx(slow(shop, 28, 28.6), abs=1e-6)
    assert first["day"]["from"] == "2024-01-29T00:00:00+00:00"
    assert first["day"]["until"] == "2024-01-30T00:00:00+00:00"
    after_a_day = by_horizon(watch(shop, 30.5))
    assert not after_a_day["day"]["is_early"]
    assert after_a_day["day"]["value"] == pytest.approx(slow(shop, 28, 29), abs=1e-6)
    assert after_a_day["day"]["note"] == "its verdict promised nothing"
    assert after_a_day["window"]["is_early"]
    assert after_a_day["window"]["value"] == pytest.approx(slow(shop, 28, 30.5), abs=1e-6)
    outcome = watch(shop, 39)
    closed = by_horizon(outcome)
    assert closed["window"]["value"] == pytest.approx(slow(shop, 28, 35), abs=1e-6)
    assert closed["window"]["run_id"] == run_id
    assert closed["day"] == after_a_day["day"]
    assert outcome.alerts == ()
    rows = stored(shop)
    assert {name: row.is_early for name, row in rows.items()} == {
        "day": False,
        "window": False,
        "daily": False,
    }
    segments = {row.segment for row in realised_of(shop.session.engine, "default", 1)}
    assert {"all", "everyone", "warm", "cold", "new_items", "land=A"} <= segments
    over = stored(shop, name="ndcg_over_fallback")["window"]
    instead = mean_ndcg(shop.slow(28, 35), USERS, 10, is_fallback=True)
    assert over.value == pytest.approx(rows["window"].value - instead, abs=1e-6)


def test_the_estimate_of_the_lists_stands_beside_what_became_of_their_window(planted_shop):
    shop = planted_shop
    figure = {"value": 0.4, "low": 0.3, "high": 0.5}
    estimate = {"days": 7, "k": 10, "segments": {"all": {"figures": {"ndcg": figure}}}}
    shop.publish(28, promise(0.9, 0.8, 1.0), estimate=estimate)
    shop.live_on(28, 40, taste=0.5)
    became = by_horizon(watch(shop, 39))
    assert became["window"]["estimated"] == figure
    assert became["day"]["estimated"] is None
    said = describe_outcome(became["window"])
    assert ", promised 0.9000 [0.8000, 1.0000], estimated of its lists 0.4000 [0.3000, 0.5000]" in (
        said
    )
    bare = {**became["window"], "estimated": {"value": 0.4, "low": None, "high": None}}
    assert "estimated of its lists 0.4000: below its promise." in describe_outcome(bare)
    older = {key: value for key, value in became["window"].items() if key != "estimated"}
    assert "estimated" not in describe_outcome(older)


def test_the_same_twice_gives_the_same_facts_and_no_users_day_twice(any_shop):
    shop = any_shop
    shop.publish(28, promise(0.9, 0.8, 1.0))
    shop.live_on(28, 40, taste=0.5)
    for day in (28.5, 31.3, 36):
        once = watch(shop, day)
        rows = first_screens(shop.session.engine, "default")
        again = watch(shop, day)
        assert again.facts["realised"] == once.facts["realised"]
        assert [one.id for one in again.alerts] == [one.id for one in once.alerts]
        assert first_screens(shop.session.engine, "default") == rows


def test_each_closed_day_enters_the_sequence_once(planted_shop):
    """Looked at daily or once in a while, it ends at the same sums."""
    shop = planted_shop
    shop.publish(28)
    shop.live_on(28, 40, taste=0.5)
    assert "daily" not in by_horizon(watch(shop, 28.9))
    for day in (29.1, 29.8, 30.2, 33.7, 33.9):
        outcome = watch(shop, day)
    daily = stored(shop)["daily"]
    days = [shop.slow(day, day + 1) for day in range(28, 33)]
    n_users = 0
    for world in days:
        labels = world.labels().rows
        n_users += labels.filter("is_known")["user"].n_unique()
    assert daily.users == n_users
    assert daily.sequence["through"] == ms(33)
    assert daily.sequence["total"] == pytest.approx(
        sum(mean_ndcg(world, USERS, 10) * world.labels().rows["user"].n_unique() for world in days),
        abs=1e-4,
    )
    fact = by_horizon(outcome)["daily"]
    assert fact["low"] < fact["value"] < fact["high"]
    assert fact["until"] == at(33).isoformat()


def test_a_run_that_was_replaced_is_judged_by_its_own_lists_at_its_own_horizons(planted_shop):
    shop = planted_shop
    first = shop.publish(28)
    shop.live_on(28, 45, taste=0.6)
    watch(shop, 28.5)
    turned = {user: items[::-1] for user, items in shop.lists().items()}
    second = shop.publish(30, lists=turned)
    early = by_horizon(watch(shop, 31.5), second)
    assert early["day"]["value"] == pytest.approx(slow(shop, 30, 31, lists=turned), abs=1e-6)
    assert early["window"]["is_early"]
    # The first run is not live any more, and its window is open still.
    assert stored(shop, 1)["window"].is_early
    watch(shop, 36)
    assert not stored(shop, 1)["window"].is_early
    assert stored(shop, 1)["window"].value == pytest.approx(slow(shop, 28, 35), abs=1e-6)
    both = watch(shop, 38)
    assert {one["run_id"] for one in both.facts["realised"]} == {second}
    assert stored(shop, 2)["window"].value == pytest.approx(
        slow(shop, 30, 37, lists=turned), abs=1e-6
    )
    assert first != second


def test_blocks_count_as_they_acted(any_shop):
    shop = any_shop
    shop.publish(28)
    shop.live_on(28, 40, taste=0.9)
    # Begun with the shop, begun within the window, ended within it, of one user, of a placement.
    blocks = [
        ("i01", None, None, None),
        ("i02", None, ms(30.25), None),
        ("i03", None, None, ms(31.75)),
        ("i04", "u07", ms(29), ms(33)),
        ("i05", "u08", None, None),
    ]
    with writing(shop.session.engine) as connection:
        for item, user, starts, until in blocks:
            times = {
                "starts_at": starts and at(0) + timedelta(milliseconds=starts - ms(0)),
                "until": until and at(0) + timedelta(milliseconds=until - ms(0)),
            }
            row = {"placement": "default", "item_id": item, "user_id": user, **times}
            connection.execute(insert(blocked_item).values(row))
        other = {"placement": "mail", "item_id": "i09"}
        connection.execute(insert(blocked_item).values(other))
    watch(shop, 36)
    value = stored(shop)["window"].value
    assert value == pytest.approx(slow(shop, 28, 35, blocks=blocks), abs=1e-6)
    assert value != pytest.approx(slow(shop, 28, 35), abs=1e-3)


def test_a_horizon_closes_only_when_a_later_event_has_arrived(planted_shop):
    """An export that lags would give half of the labels."""
    shop = planted_shop
    shop.publish(28)
    shop.live_on(28, 40, taste=0.5)
    shop.arrive(28.9)
    late = watch_placement(shop.session, at(29.5))
    assert by_horizon(late)["day"]["is_early"]
    assert not by_horizon(watch(shop, 29.6))["day"]["is_early"]


def test_a_horizon_without_labels_closes_too_and_is_compared_with_nothing(planted_shop):
    shop = planted_shop
    shop.publish(28, promise(0.5, 0.4, 0.6))
    shop.live_on(36, 40, taste=0.5)
    outcome = watch(shop, 39)
    window = by_horizon(outcome)["window"]
    assert (window["users"], window["is_early"], window["is_below"]) == (0, False, None)
    assert window["note"] == "fewer than 10 users had a label"
    assert outcome.alerts == ()


def test_without_a_published_run_nothing_is_said(planted_shop):
    shop = planted_shop
    shop.live_on(28, 30, taste=0.5)
    assert watch(shop, 30).facts["realised"] == []
