"""Alerts: one row a cause, from when it is raised until it is resolved."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from fusion.errors import DataError
from storage.schema.watch_tables import alert
from storage.watches.alert_lists import earlier_alerts, find_alert, newest_alerts
from storage.watches.alert_rows import NewAlert
from storage.watches.alerts import acknowledge, alerts_of, raise_alert, resolve_alerts

NOW = datetime(2026, 11, 1, tzinfo=UTC)
STALE = NewAlert("stale", "interactions", "rows_of_day", "fault", "nothing came", 0.0, 40.0)


def count(engine) -> int:
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(alert)).scalar_one()


def test_an_alert_that_stands_is_seen_again_and_not_raised_again(engine):
    first = raise_alert(engine, "home", STALE, at=NOW)
    worse = NewAlert("stale", "interactions", "rows_of_day", "fault", "still nothing", 0.0, 41.0)
    later = NOW + timedelta(days=1)
    assert raise_alert(engine, "home", worse, at=later) == (first[0], False)
    assert first[1]
    (row,) = alerts_of(engine, "home")
    assert (row.at, row.seen_at, row.message) == (NOW, later, "still nothing")


def test_causes_subjects_and_placements_are_told_apart(engine):
    others = [
        NewAlert("missing", "interactions", "rows", "fault", "m"),
        NewAlert("stale", "users", "rows", "fault", "m"),
    ]
    raise_alert(engine, "home", STALE)
    assert all(raise_alert(engine, "home", one)[1] for one in others)
    assert raise_alert(engine, "mail", STALE)[1]
    assert len(alerts_of(engine, "home")) == 3


def test_what_was_resolved_is_raised_anew(engine):
    number, _ = raise_alert(engine, "home", STALE)
    resolve_alerts(engine, [number], "the export came", NOW)
    assert alerts_of(engine, "home") == []
    (row,) = alerts_of(engine, "home", ["resolved"])
    assert (row.resolved_at, row.resolved_why) == (NOW, "the export came")
    again, is_new = raise_alert(engine, "home", STALE)
    assert is_new
    assert again != number
    assert count(engine) == 2


def test_an_acknowledgement_ends_with_its_time(engine):
    number, _ = raise_alert(engine, "home", STALE)
    until = NOW + timedelta(days=2)
    row = acknowledge(engine, "home", number, by="ann", why="holiday", until=until, at=NOW)
    assert (row.state, row.acknowledged_by, row.acknowledged_why) == (
        "acknowledged",
        "ann",
        "holiday",
    )
    assert alerts_of(engine, "home", ["open"], now=NOW) == []
    assert [one.id for one in alerts_of(engine, "home", ["open"], now=until)] == [number]


def test_an_alert_that_is_not_there_is_refused_with_those_that_are(engine):
    number, _ = raise_alert(engine, "home", STALE)
    with pytest.raises(DataError, match=f"no alert 99 .* Known: {number}"):
        acknowledge(engine, "home", 99, by="ann", why="x")
    with pytest.raises(DataError, match="Known: none"):
        acknowledge(engine, "mail", number, by="ann", why="x")
    resolve_alerts(engine, [number], "gone")
    with pytest.raises(DataError, match="Known: none"):
        acknowledge(engine, "home", number, by="ann", why="x")


def test_the_newest_alerts_of_a_state_come_first_and_bounded(engine):
    ids = {}
    for cause in ("stale", "missing", "doubled", "unit"):
        ids[cause], _ = raise_alert(engine, "home", replace(STALE, cause=cause), at=NOW)
    raise_alert(engine, "mail", STALE)
    resolve_alerts(engine, [ids["stale"]], "the export came", NOW)
    until = NOW + timedelta(days=2)
    acknowledge(engine, "home", ids["missing"], by="ann", why="w", until=until, at=NOW)
    acknowledge(engine, "home", ids["doubled"], by="ann", why="for good", at=NOW)

    def _causes(*states, limit=10, now=NOW):
        return [one.cause for one in newest_alerts(engine, "home", states, limit, now)]

    assert _causes("open", "acknowledged", "resolved") == ["unit", "doubled", "missing", "stale"]
    assert _causes("open", "acknowledged", "resolved", limit=2) == ["unit", "doubled"]
    assert _causes("open") == ["unit"]
    assert _causes("acknowledged") == ["doubled", "missing"]
    assert _causes("resolved") == ["stale"]
    assert _causes() == []
    # Its time is over: it is open again.
    assert _causes("open", now=until) == ["unit", "missing"]
    assert _causes("acknowledged", now=until) == ["doubled"]


def test_an_alert_is_found_by_its_number_in_its_placement(engine):
    number, _ = raise_alert(engine, "home", STALE, at=NOW)
    until = NOW + timedelta(days=2)
    acknowledge(engine, "home", number, by="ann", why="holiday", until=until, at=NOW)
    found = find_alert(engine, "home", number, NOW)
    assert (found.state, found.acknowledged_at) == ("acknowledged", NOW)
    assert find_alert(engine, "home", number, until).state == "open"
    assert find_alert(engine, "mail", number, NOW) is None
    assert find_alert(engine, "home", number + 1, NOW) is None


def test_the_same_alert_before_is_of_its_cause_subject_and_placement(engine):
    ids = []
    for _ in range(3):
        ids.append(raise_alert(engine, "home", STALE, at=NOW)[0])
        resolve_alerts(engine, ids, "the export came")
    raise_alert(engine, "home", replace(STALE, cause="missing"))
    raise_alert(engine, "home", replace(STALE, subject="users"))
    raise_alert(engine, "mail", STALE)
    newest = find_alert(engine, "home", raise_alert(engine, "home", STALE)[0], NOW)
    assert [one.id for one in earlier_alerts(engine, newest, 9)] == ids[::-1]
    assert [one.id for one in earlier_alerts(engine, newest, 2)] == [ids[2], ids[1]]
