"""What has arrived since the live run's data ends, for the retraining policy."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl

from flows.session import Session
from fusion.runs.run_folder import IN_FILE, RunFolder, folder_of
from fusion.watching.figures.measuring import WatchedData
from fusion.watching.reading.id_hashes import IdHasher
from fusion.watching.since_training import KnownToRun, measure_since_training
from storage.reading.read import served_of
from storage.schema.row_objects import LiveRun


def since_live(
    session: Session, data: WatchedData, live_run: LiveRun | None
) -> dict[str, Any] | None:
    """Measure what the live run does not know.

    Args:
        session: the database and the folder of runs.
        data: what was looked at.
        live_run: what is live; None where nothing is.

    Returns:
        Counts and shares, as JSON knows them; None where nothing is live, or it knows no times.
    """
    end = live_run.run.as_of if live_run else None
    if live_run is None or end is None:
        return None
    run = live_run.run
    items, table_items = _items_of(folder_of(session.runs, run.run_id))
    as_of = round(end.timestamp() * 1000)
    users = IdHasher().of(served_of(session.engine, run.run_no)["user_id"])
    known = KnownToRun(as_of, users, items, table_items)
    now = [table.frame["id"] for table in data.tables if table.subject == "items"]
    since = measure_since_training(data.log.events, known, now[0] if now else None)
    # The run is named: a reading of another one says nothing of what is live.
    own = {"run_id": run.run_id, "as_of": end.isoformat(), "turnover": since.turnover}
    return {**own, **asdict(since)}


def _items_of(folder: Path) -> tuple[pl.Series | None, pl.Series | None]:
    """Hashes of a run's items, and of those that stood in its items file.

    Another host may have the folder: then nothing is known of them.
    """
    file = RunFolder(folder).item_ids
    if not file.exists():
        return None, None
    frame = pl.read_parquet(file)
    hashes = IdHasher().of(frame["item_id"])
    is_known = IN_FILE in frame.columns
    return hashes, hashes.filter(frame[IN_FILE]) if is_known else None
