"""A placement with a past: runs, moves, refusals, decisions, watches, alerts."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import insert, update

from storage.database.engine import writing
from storage.runs.records import add_decision
from storage.runs.runs import add_refusal, finish_run, start_run
from storage.schema.tables import metric, run
from storage.schema.watch_tables import realised
from storage.slots.challenger import approve, reject
from storage.slots.publish import publish, rollback
from storage.watches.alert_rows import NewAlert
from storage.watches.alerts import acknowledge, raise_alert, resolve_alerts
from storage.watches.watches import FigureRow, add_watch

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)
BROKEN = {"name": "enough users", "holds": False, "message": "12 users have lists, 50 must"}
HELD = {"name": "beats random", "holds": True, "message": "it does"}
ALERT = NewAlert("missing", "interactions", "rows", "fault", "rows are missing", 3.0, 40.0)


def promise(value, horizon="window"):
    return {
        "horizon": horizon,
        "days": 7,
        "name": "ndcg",
        "k": 10,
        "value": value,
        "low": value - 0.1,
        "high": value + 0.1,
    }


def add_run(engine, run_id, day, status="ready", placement="home", **manifest):
    """A run that began on a day and ended an hour later, with a promise of its verdict."""
    made_of = {"kind": "full", "as_of": BEGIN + day * DAY, "data_hash": "d", "config_hash": "c"}
    began = BEGIN + day * DAY
    run_no = start_run(engine, run_id, placement, **made_of, created_at=began)
    promises = [promise(0.9, "day"), promise(0.3 + day / 100)]
    verdict = {"promise": promises, "reported": {"value": 0.25}}
    finish_run(
        engine,
        run_no,
        status,
        method="ranker",
        list_size=5,
        verdict=verdict,
        manifest={"checks": [HELD], **manifest},
    )
    with writing(engine) as connection:
        ended = update(run).where(run.c.run_no == run_no)
        connection.execute(ended.values(finished_at=began + timedelta(hours=1)))
    return run_no


def add_metric(engine, run_no, subject, name, value, *, segment="all", k=0):
    row = {"run_no": run_no, "subject": subject, "segment": segment, "name": name}
    with writing(engine) as connection:
        connection.execute(insert(metric).values(**row, k=k, value=value))


def add_realised(engine, run_no, value, watch_no, horizon="window", is_early=False):
    row = {"run_no": run_no, "horizon": horizon, "segment": "all", "name": "ndcg", "k": 10}
    more = {"value": value, "low": 0.0, "high": 1.0, "users": 30, "is_early": is_early}
    with writing(engine) as connection:
        connection.execute(insert(realised).values(**row, **more, watch_no=watch_no))


def add_past(engine):
    """Everything that can happen, in the placement home; returns run numbers by name."""
    numbers = {
        "r1": add_run(engine, "r1", 0),
        "r2": add_run(engine, "r2", 7),
        "r3": add_run(engine, "r3", 14, "rejected", checks=[HELD, BROKEN]),
        "r4": add_run(engine, "r4", 15, "failed", error="DataError: no file", checks=[]),
        "elsewhere": add_run(engine, "elsewhere", 3, placement="mail"),
    }
    publish(engine, "home", numbers["r1"], by="ann", reason="first")
    publish(engine, "home", numbers["r2"], by="ann", reason="second", slot="challenger")
    approve(engine, "home", numbers["r2"], by="bea", reason="good")
    rollback(engine, "home", by="cy", reason="worse")
    publish(engine, "home", numbers["r2"], by="ann", reason="again", slot="challenger")
    reject(engine, "home", by="bea", reason="still worse")
    add_refusal(engine, numbers["r2"], "dan", [HELD, BROKEN])
    add_decision(engine, "home", False, reason="too young", trigger="age", at=BEGIN + 2 * DAY)
    add_decision(engine, "home", True, reason="too old", trigger="age", at=BEGIN + 6 * DAY)
    figures = [
        FigureRow("day", f"2026-11-0{day}", "interactions.rows_of_day", 10.0 * day, 1, None)
        for day in (1, 2, 3)
    ]
    watch_no = add_watch(
        engine,
        "home",
        as_of=BEGIN + 4 * DAY,
        run_no=numbers["r1"],
        layout={},
        facts={},
        figures=figures,
        at=BEGIN + 4 * DAY,
    )
    alert_id, _ = raise_alert(
        engine, "home", ALERT, run_no=numbers["r1"], watch_no=watch_no, at=BEGIN + 4 * DAY
    )
    acknowledge(engine, "home", alert_id, by="eve", why="known", at=BEGIN + 5 * DAY)
    resolve_alerts(engine, [alert_id], "all is well", BEGIN + 6 * DAY)
    return numbers | {"watch": watch_no, "alert": alert_id}
