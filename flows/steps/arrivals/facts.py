"""The facts of a watch as JSON, and the figures that it keeps."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import polars as pl

from flows.session import Session
from flows.steps.arrivals.since_live import since_live
from flows.steps.realised.outcomes import Outcome
from fusion.watching.closing import Closed
from fusion.watching.figures.measuring import WatchedData
from fusion.watching.reading.id_hashes import IdHasher
from fusion.watching.statistics.judge import Judgement
from fusion.watching.watch import WatchResult
from storage.reading.read import served_of
from storage.schema.row_objects import LiveRun
from storage.watches.watches import FigureRow


def figures_kept(watched: WatchResult) -> list[FigureRow]:
    """Return the rows of the days and windows that are kept from now on.

    Args:
        watched: what a watch found.
    """
    rows = []
    for one in (*watched.days, *watched.windows):
        if not (one.is_new and one.is_kept):
            continue
        for figure, value in one.measured.items():
            counts = value.counts or None
            start = one.start.isoformat()
            rows.append(FigureRow(one.unit, start, figure.key, value.value, value.cases, counts))
    return rows


def facts_of(
    session: Session,
    data: WatchedData,
    watched: WatchResult,
    live_run: LiveRun | None,
    became: Iterable[Outcome],
) -> dict[str, Any]:
    """Return all that was measured, as JSON knows it.

    Args:
        session: the database, where the live lists stand.
        data: what was looked at.
        watched: what was found.
        live_run: whose lists are compared with what happened; None where nothing is live.
        became: realised figures of runs.
    """
    times = data.log.events["time"]
    moment = datetime.fromtimestamp(int(times[-1]) / 1000, UTC) if len(times) else None
    return {
        "newest_event": moment.isoformat() if moment else None,
        "rows": data.log.n_rows,
        "rows_without_time": data.log.n_timeless,
        "rows_later": data.log.n_later,
        "day": _span_facts(watched.days),
        "window": _span_facts(watched.windows),
        "silence": _figure_facts(watched.silence) if watched.silence else None,
        "known": [_figure_facts(one) for one in watched.comparison],
        "coverage": _coverage(session, data, watched, live_run),
        "since_live": since_live(session, data, live_run),
        "realised": [one.as_dict() for one in became],
    }


def _span_facts(closed: tuple[Closed, ...]) -> dict[str, Any] | None:
    """Facts of the newest day or window; None where none has closed."""
    if not closed:
        return None
    newest = closed[-1]
    judged = [*newest.judgements, *newest.lasting]
    return {
        "start": newest.start.isoformat(),
        "is_kept": newest.is_kept,
        "figures": [_figure_facts(one) for one in judged],
    }


def _figure_facts(judged: Judgement) -> dict[str, Any]:
    figure = judged.figure
    return {
        "subject": figure.subject,
        "name": figure.name,
        "column": figure.column or None,
        "state": judged.state,
        "value": float(judged.value),
        "low": judged.low,
        "high": judged.high,
        "score": judged.score,
        "windows": judged.windows,
        "cause": judged.cause.code if judged.cause else None,
    }


def _coverage(
    session: Session, data: WatchedData, watched: WatchResult, live_run: LiveRun | None
) -> dict[str, Any] | None:
    """Share of the newest window's events by users whom the live lists serve."""
    if live_run is None or not watched.windows:
        return None
    start = watched.windows[-1].start
    served = served_of(session.engine, live_run.run.run_no)["user_id"]
    hashes = IdHasher().of(served)
    since = int(datetime(start.year, start.month, start.day, tzinfo=UTC).timestamp() * 1000)
    users = data.log.events.filter(pl.col("time") >= since)["user"].drop_nulls()
    if users.is_empty():
        return None
    n_served = int(users.is_in(hashes.implode()).sum())
    return {"since": start.isoformat(), "users": n_served / len(users)}
