"""Small runs for tests: every list tells by its item ids which run it belongs to."""

from datetime import UTC, datetime
from typing import Any

import polars as pl
from sqlalchemy import Engine

from storage.database.engine import schema_of
from storage.loading.bulk import load_fallback, load_lists, load_served
from storage.reading.recommendations import LIST_COLUMNS, recommendations_for
from storage.runs import liveness
from storage.runs.runs import finish_run, start_run
from storage.watches.alert_rows import NewAlert
from storage.watches.alerts import raise_alert

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)
SIZE, RESERVE = 4, 3


def begin(engine: Engine, run_id: str, placement: str = "default", **columns: Any) -> int:
    made_of = {"kind": "full", "as_of": AS_OF, "data_hash": "d1", "config_hash": "c1"}
    return start_run(engine, run_id, placement, **(made_of | columns))


def end(engine: Engine, run_no: int, status: str = "ready", verdict: Any = None) -> None:
    finish_run(
        engine,
        run_no,
        status,
        method="ranker",
        list_size=SIZE,
        verdict=verdict or {"rows": []},
        manifest={"seed": 7},
    )


def end_lives(engine: Engine) -> None:
    """Let go of the runs that a test began and did not end."""
    for url, schema, run_no in list(liveness._own_signs):
        if (url, schema) == (str(engine.url), schema_of(engine)):
            liveness.end_life(engine, run_no)


def lists(run_id: str, users: list[str], rows: int = SIZE + RESERVE) -> pl.DataFrame:
    """Lists of `rows` items named `<run_id>-<rank>`, with scores that fall by rank."""
    ranks = list(range(1, rows + 1))
    return pl.DataFrame(
        {
            "user_id": [user for user in users for _ in ranks],
            "rank": ranks * len(users),
            "item_id": [f"{run_id}-{rank}" for rank in ranks] * len(users),
            "score": [1 / rank for rank in ranks] * len(users),
            "probability": [None] * (rows * len(users)),
        },
        schema_overrides={"rank": pl.Int32, "score": pl.Float32, "probability": pl.Float64},
    )


def make_run(
    engine: Engine,
    run_id: str,
    users: list[str] | None = None,
    placement: str = "default",
    **columns: Any,
) -> int:
    """A ready run with lists, served users and the fallback `all`, as `fusion run` leaves one."""
    users = users or ["u1", "u2", "u3"]
    run_no = begin(engine, run_id, placement, **columns)
    block = lists(run_id, users)
    load_lists(engine, run_no, [block])
    load_served(engine, run_no, pl.DataFrame({"user_id": users, "route": "warm", "segment": "old"}))
    one = lists(run_id, ["all"]).rename({"user_id": "segment"})
    load_fallback(engine, run_no, one)
    end(engine, run_no)
    return run_no


def list_for(engine: Engine, placement: str, user: str) -> pl.DataFrame:
    """A user's own live list, as services read it; no rows where a fallback serves them."""
    shown = recommendations_for(engine, placement, user)
    return shown.rows if shown.served_by == "list" else pl.DataFrame(schema=LIST_COLUMNS)


def fallback_for(engine: Engine, placement: str) -> pl.DataFrame:
    """The live list of everyone whom no run knows."""
    return recommendations_for(engine, placement, "nobody").rows


def note_alert(engine: Engine, run_no: int, subject: str, name: str, **more: Any) -> int:
    """An alert of a run of the placement `default`; `at` is when, the rest as in `NewAlert`."""
    at = more.pop("at", None)
    new = NewAlert(f"{subject}.{name}", subject, name, "run", **more)
    return raise_alert(engine, "default", new, run_no=run_no, at=at)[0]
