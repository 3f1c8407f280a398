"""Runs that a watch judges: whose first day or window has closed, and the live one every day."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from flows.session import Session
from flows.steps.realised.spans import RunSpan, days_after, spans_of
from fusion.evaluation.realised.confidence_sequence import ConfidenceSequence
from storage.reading.published_runs import published_runs
from storage.runs.runs import find_run
from storage.schema.row_objects import RunRow
from storage.watches.realised import Horizon, RealisedRow, first_screens

Span = tuple[int, int]
"""First ms, and first ms after."""
ByHorizon = Mapping[Horizon, RealisedRow]


@dataclass(frozen=True)
class Arrived:
    """Up to when everything that happened has arrived.

    Attributes:
        newest: ms of the newest event before the moment of the watch; 0 without any.
        broken: spans of time in which the data has a fault.
    """

    newest: int
    broken: tuple[Span, ...] = ()

    def has_closed(self, start: int, end: int) -> bool:
        """Tell whether a span is over, and nothing of it is missing.

        A later event shows that the export goes beyond its end.

        Args:
            start: first ms.
            end: first ms after it.
        """
        is_broken = any(first < end and start < after for first, after in self.broken)
        return end <= self.newest and not is_broken


@dataclass(frozen=True)
class DueRun:
    """A run that is judged now.

    Attributes:
        run: its row.
        spans: its horizons that had not closed before; not empty.
        days: closed days that the confidence sequence has not taken in, oldest first.
        sequence: what it took in so far.
    """

    run: RunRow
    spans: tuple[RunSpan, ...]
    days: tuple[Span, ...] = ()
    sequence: ConfidenceSequence = field(default_factory=ConfidenceSequence)

    @property
    def start(self) -> int:
        """First ms by which it is judged."""
        return min([span.start for span in self.spans] + [start for start, _ in self.days])


def due_runs(session: Session, arrived: Arrived, live_no: int | None) -> list[DueRun]:
    """Return the runs that are judged now.

    Args:
        session: the database.
        arrived: up to when everything has arrived.
        live_no: number of the run that is live; None where none is.

    Returns:
        Runs with lists in SQL: the live one, and those with a horizon that has closed since.
    """
    by_run: dict[int, dict[Horizon, RealisedRow]] = {}
    for row in first_screens(session.engine, session.placement):
        by_run.setdefault(row.run_no, {})[row.horizon] = row
    due = []
    for published in published_runs(session.engine, session.placement):
        stored = by_run.get(published.run_no, {})
        # A run whose horizons have closed is not read again: its row is long.
        if published.status != "ready" or not open_horizons(stored):
            continue
        if round(published.as_of.timestamp() * 1000) > arrived.newest:
            continue
        run = find_run(session.engine, session.placement, published.run_id)
        one = _due_run(session, arrived, run, stored, is_live=run.run_no == live_no)
        if one is not None:
            due.append(one)
    return due


def open_horizons(stored: ByHorizon) -> set[Horizon]:
    """Return the horizons of a run that have not closed.

    Args:
        stored: what is stored of it, by horizon.
    """
    horizons: set[Horizon] = {"day", "window"}
    return {name for name in horizons if name not in stored or stored[name].is_early}


def _due_run(
    session: Session, arrived: Arrived, run: RunRow, stored: ByHorizon, *, is_live: bool
) -> DueRun | None:
    """Return what a run is judged by now; None for nothing."""
    timezone = session.config.data.timezone
    still_open = open_horizons(stored)
    horizons = spans_of(run, session.config.split, timezone)
    spans = []
    for span in horizons:
        has_closed = arrived.has_closed(span.start, span.end)
        # What is early is shown of the live run alone.
        if span.horizon in still_open and (has_closed or is_live):
            spans.append(span)
    if not spans:
        return None
    if not is_live:
        return DueRun(run, tuple(spans))
    through, sequence = horizons[0].start, ConfidenceSequence()
    known = stored["daily"].sequence if "daily" in stored else None
    if known is not None:
        through, sequence = known["through"], ConfidenceSequence.read(known)
    borders = [days_after(run, day, timezone) for day in range(horizons[-1].days + 1)]
    days = [
        (start, end)
        for start, end in pairwise(borders)
        if start >= through and arrived.has_closed(start, end)
    ]
    return DueRun(run, tuple(spans), tuple(days), sequence)
