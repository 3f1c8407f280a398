"""What runs promised beside what was realised, over horizons that have closed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, select

from storage.schema.tables import run
from storage.schema.watch_tables import realised

EVERYBODY = "all"
"""Segment that verdicts judge: users with a history."""


@dataclass(frozen=True)
class KeptPromise:
    """A figure that a run promised, and what became of it.

    Attributes:
        run_no: the run.
        horizon: "day" or "window".
        name: ndcg, recall, precision or hit.
        k: places that count.
        promised: by the verdict.
        realised: by events after the run.
    """

    run_no: int
    horizon: str
    name: str
    k: int
    promised: float
    realised: float


def kept_promises(
    engine: Engine, placement: str, days: Mapping[str, int], until: datetime, most: int
) -> list[KeptPromise]:
    """Return promises whose horizon has closed, of runs whose horizons do not overlap.

    Args:
        engine: from `connect`.
        placement: where the lists are shown.
        days: length of each horizon; what was promised for another length is left out.
        until: aware moment by which a horizon must have closed.
        most: runs of each horizon at most, the newest.

    Returns:
        By horizon, the oldest run first.
    """
    promises = []
    with engine.connect() as connection:
        for horizon, length in days.items():
            figures = _figures(connection, placement, horizon)
            span = timedelta(days=length)
            chosen = _apart(figures, span, until, most)
            verdicts = _verdicts(connection, chosen)
            for figure in figures:
                promised = _promised(verdicts.get(figure["run_no"]), figure, length)
                if promised is not None:
                    one = KeptPromise(
                        run_no=figure["run_no"],
                        horizon=horizon,
                        name=figure["name"],
                        k=figure["k"],
                        promised=promised,
                        realised=figure["value"],
                    )
                    promises.append(one)
    return promises


def _figures(connection: Connection, placement: str, horizon: str) -> list[RowMapping]:
    """Figures of a closed horizon with the moment of their run, the oldest run first."""
    columns = (realised.c.run_no, realised.c.name, realised.c.k, realised.c.value, run.c.as_of)
    joined = select(*columns).join(run, run.c.run_no == realised.c.run_no)
    closed = joined.where(
        run.c.placement == placement,
        run.c.as_of.is_not(None),
        realised.c.horizon == horizon,
        realised.c.segment == EVERYBODY,
        realised.c.is_early.is_(False),
    )
    ordered = closed.order_by(run.c.as_of, realised.c.run_no, realised.c.name, realised.c.k)
    return list(connection.execute(ordered).mappings())


def _apart(figures: list[RowMapping], span: timedelta, until: datetime, most: int) -> list[int]:
    """Runs, the newest first, each of which begins a horizon or more before the next."""
    moments = {figure["run_no"]: figure["as_of"] for figure in figures}
    chosen: list[int] = []
    border = until
    for run_no, as_of in sorted(moments.items(), key=lambda pair: pair[1], reverse=True):
        if as_of + span <= border and len(chosen) < most:
            chosen.append(run_no)
            border = as_of
    return chosen


def _verdicts(connection: Connection, run_nos: list[int]) -> dict[int, dict[str, Any]]:
    wanted = select(run.c.run_no, run.c.verdict).where(run.c.run_no.in_(run_nos))
    rows = connection.execute(wanted)
    return {row.run_no: row.verdict for row in rows if row.verdict}


def _promised(verdict: dict[str, Any] | None, figure: RowMapping, days: int) -> float | None:
    """What a verdict promised for a figure; None where it did not."""
    if verdict is None:
        return None
    for promise in verdict.get("promise", []):
        is_same = (promise["name"], promise["k"]) == (figure["name"], figure["k"])
        if is_same and promise["days"] == days:
            return float(promise["value"])
    return None
