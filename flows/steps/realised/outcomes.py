"""Realised figures beside what was promised: of the live run, and of those that closed last."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Any

from flows.session import Session
from flows.steps.realised.spans import moment_of, spans_of
from fusion.evaluation.realised.promised import Promise
from storage.reading.published_runs import published_runs
from storage.runs.runs import find_run
from storage.schema.row_objects import LiveRun, RunRow
from storage.watches.realised import RealisedRow, first_screens

LEAST_USERS = 10
"""Users below whom a figure is compared with nothing."""


@dataclass(frozen=True)
class Outcome:
    """NDCG@10 of a run over a horizon, beside what its verdict promised.

    Attributes:
        run: its row.
        row: the figure, over users with a history.
        start: first ms of the horizon.
        end: first ms after it.
        promise: None where nothing was promised, as for "daily".
        usual: median of earlier runs at this horizon; None where there are none.
        earlier: how many they are.
        timezone: IANA zone in which times are told.
    """

    run: RunRow
    row: RealisedRow
    start: int
    end: int
    promise: Promise | None
    usual: float | None
    earlier: int
    timezone: str

    @property
    def is_below(self) -> bool | None:
        """Whether less was realised than promised; None where that cannot be said."""
        if self.promise is None or self.row.is_early or self.row.users < LEAST_USERS:
            return None
        return self.promise.is_below(self.row.value)

    @property
    def score(self) -> float:
        """How far below what was expected it lies, as a standard normal score."""
        return self.promise.score(self.row.value) if self.promise else 0.0

    @property
    def estimated(self) -> dict[str, Any] | None:
        """What was expected of the lists before anybody had seen them; None where nothing was.

        Only whole windows are estimated, and no other window than the run's.
        """
        estimate = (self.run.manifest or {}).get("estimate")
        if self.row.horizon != "window" or not estimate:
            return None
        figure: dict[str, Any] = estimate["segments"]["all"]["figures"][self.row.name]
        return {key: figure[key] for key in ("value", "low", "high")}

    @property
    def note(self) -> str:
        """Why it is compared with nothing, in a clause; "" where it is compared."""
        if self.row.horizon == "daily":
            return ""
        if self.row.is_early:
            return "early, and compared with nothing"
        if self.promise is None:
            return "its verdict promised nothing"
        if self.promise.low is None:
            return "its verdict knew too few past windows to promise an interval"
        if self.row.users < LEAST_USERS:
            return f"fewer than {LEAST_USERS} users had a label"
        return ""

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON knows it."""
        row, promise = self.row, self.promise
        return {
            "run_id": self.run.run_id,
            "horizon": row.horizon,
            "from": moment_of(self.start, self.timezone).isoformat(),
            "until": moment_of(self.end, self.timezone).isoformat(),
            "is_early": row.is_early,
            "name": row.name,
            "k": row.k,
            "value": row.value,
            "low": row.low,
            "high": row.high,
            "users": row.users,
            "promised": _promised(promise) if promise else None,
            "estimated": self.estimated,
            "is_below": self.is_below,
            "usual": self.usual,
            "note": self.note or None,
        }


def _promised(promise: Promise) -> dict[str, Any]:
    keys = ("value", "low", "high", "windows", "basis")
    return {key: getattr(promise, key) for key in keys}


def outcomes(
    session: Session, live_no: int | None, measured: Iterable[RealisedRow] = ()
) -> list[Outcome]:
    """Return the figures of the live run, and at each horizon the run that closed last.

    Args:
        session: the database.
        live_no: number of the run that is live; None where none is.
        measured: rows that are not stored yet.

    Returns:
        By run and horizon, the oldest run first.
    """
    stored = first_screens(session.engine, session.placement)
    rows = {(row.run_no, row.horizon): row for row in stored}
    for row in measured:
        if (row.segment, row.name, row.k) == ("all", "ndcg", 10):
            rows[row.run_no, row.horizon] = row
    shown = {key for key in rows if key[0] == live_no}
    for horizon in ("day", "window"):
        closed = [key for key, row in rows.items() if key[1] == horizon and not row.is_early]
        shown |= set(sorted(closed)[-1:])
    names = {one.run_no: one.run_id for one in published_runs(session.engine, session.placement)}
    listed = []
    for key in sorted(shown):
        run = find_run(session.engine, session.placement, names[key[0]])
        listed.append(_outcome(session, run, rows[key], rows.values()))
    return listed


def realised_of_live(session: Session, live_run: LiveRun | None) -> list[dict[str, Any]]:
    """Return what became of the live run so far, as JSON knows it.

    Args:
        session: the database.
        live_run: what the live slot shows; None where nothing is live.
    """
    if live_run is None:
        return []
    live_no = live_run.run.run_no
    listed = outcomes(session, live_no)
    return [one.as_dict() for one in listed if one.run.run_no == live_no]


def _outcome(
    session: Session, run: RunRow, row: RealisedRow, others: Iterable[RealisedRow]
) -> Outcome:
    timezone = session.config.data.timezone
    day, window = spans_of(run, session.config.split, timezone)
    start, end = day.start, day.end if row.horizon == "day" else window.end
    if row.sequence is not None:
        end = row.sequence["through"]
    earlier = [
        one.value
        for one in others
        if (one.horizon, one.is_early) == (row.horizon, False) and one.run_no < row.run_no
    ]
    return Outcome(
        run,
        row,
        start,
        end,
        Promise.of_run(run.verdict, row.horizon),
        median(earlier) if earlier else None,
        len(earlier),
        timezone,
    )
