"""`fusion judge`: the stored lists of a run by any held-out file."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from flows.session import Session
from flows.steps.arrivals.inputs import id_preparer, read_tables
from flows.steps.realised.judge_runs import repeats_seen, unavailable_at
from flows.steps.realised.spans import moment_of
from flows.steps.realised.stored_lists import hashed_lists, stored_lists
from fusion.errors import DataError
from fusion.evaluation.realised.judge_lists import Realised, RealisedFigure, judge_lists
from fusion.evaluation.realised.labels import LabelLog
from fusion.metrics.bootstrap import Interval
from fusion.watching.reading.event_log import EventLog, read_event_log
from fusion.watching.reading.id_hashes import IdHasher, Prepare
from storage.reading.frames import read_sql
from storage.runs.runs import find_run
from storage.schema.row_objects import RunRow

LATER = datetime(9999, 1, 1, tzinfo=UTC)
"""No event of the file is left out for its time."""


@dataclass(frozen=True)
class FileJudgement:
    """The lists of a run judged by a file.

    Attributes:
        run: its row.
        file: that was read.
        start: the run's as_of: rows before it are history, and judge nothing.
        end: the moment after the newest row.
        n_rows: rows of the file with a time.
        n_before: of them, those before `start`.
        judged: users, labels and figures.
    """

    run: RunRow
    file: Path
    start: datetime
    end: datetime
    n_rows: int
    n_before: int
    judged: Realised

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON knows it."""
        return {
            "run_id": self.run.run_id,
            "file": str(self.file),
            "from": self.start.isoformat(),
            "until": self.end.isoformat(),
            "rows": self.n_rows,
            "rows_before": self.n_before,
            "users": self.judged.users,
            "labels": self.judged.labels,
            "figures": [_figure(one) for one in self.judged.figures],
        }


def _figure(one: RealisedFigure) -> dict[str, Any]:
    return {
        "segment": one.segment,
        "name": one.name,
        "k": one.k,
        "users": one.users,
        **_ends(one.lists),
        "fallback": _ends(one.fallback),
        "over_fallback": _ends(one.gap),
    }


def _ends(interval: Interval) -> dict[str, float]:
    return {"value": interval.value, "low": interval.low, "high": interval.high}


def judge_file(session: Session, name: str, file: Path) -> FileJudgement:
    """Judge the stored lists of a run by the rows of a file.

    Lists come from SQL, with blocks as they acted, or from the run's folder where rows are gone.
    What `[data] interactions` holds from before the run's as_of is the history: what a user had by
    then is no label, as in the verdict.

    Args:
        session: the configuration and the database.
        name: the run's id, or a slot.
        file: interactions in the columns of `[data.columns]`.

    Returns:
        The judgement.

    Raises:
        ConfigError: no such run, or a key of the environment is missing.
        DataError: the file or the data cannot be read, the lists are gone, or nothing in the file
            judges them.
        Temporary: a database is busy or away.
    """
    run = find_run(session.engine, session.placement, name)
    stored = stored_lists(session, run)
    if run.as_of is None:
        raise DataError(
            f"run {run.run_id} was trained on data without times, and nothing says which rows of "
            f"{file} it did not know: name [data.columns] time and train anew"
        )
    prepare = id_preparer(session)
    read = partial(_read, session, prepare)
    held_out = read(LATER, str(file.resolve()))
    history = read(run.as_of, None)
    start = round(run.as_of.timestamp() * 1000)
    times = held_out.events["time"]
    n_before = int((times < start).sum())
    if n_before == len(times):
        raise DataError(
            f"{file} holds no row from {run.as_of:%Y-%m-%d %H:%M} UTC on, up to when run "
            f"{run.run_id} knew the data: {n_before:,} rows before it judge nothing. Give rows "
            "that are newer"
        )
    end = int(times.max()) + 1  # type: ignore[arg-type]
    events = pl.concat([history.events, held_out.events]).sort("time", maintain_order=True)
    labels = LabelLog.of(events, start).between(
        start,
        end,
        repeats=repeats_seen(run),
        unavailable=unavailable_at(read_tables(session, prepare), start),
    )
    served = hashed_lists(session, run, stored, labels.rows["user"].unique(), IdHasher())
    return FileJudgement(
        run=run,
        file=file,
        start=run.as_of,
        end=moment_of(end, "UTC"),
        n_rows=len(times),
        n_before=n_before,
        judged=judge_lists(served, labels, session.config.core.seed),
    )


def _read(session: Session, prepare: Prepare, before: datetime, file: str | None) -> EventLog:
    """Read the interactions of a file, or the configured ones."""
    settings = session.config.data
    if file is not None:
        settings = settings.model_copy(update={"interactions": file})
    query = partial(read_sql, base=session.base)
    return read_event_log(settings, session.base, before, query, prepare)
