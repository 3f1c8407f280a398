"""What the pages for the morning show of the past: trends, the history, watches."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class RunPoint:
    """A run in the trends; a figure is None where it was not measured.

    Attributes:
        run_id: its name.
        at: up to when it knew data, else when its training began.
        promised: NDCG@10 that its verdict promised of the window after it.
        least: lower end of that promise.
        verdict: NDCG@10 of its verdict.
        realised: NDCG@10 that its lists had in that window, of enough users.
        churn: mean share of a list that changed against the run before.
        chance: the same by chance alone.
        churn_limit: up to which churn is no alert.
        drift: largest share of a subject's columns that drifted.
    """

    run_id: str
    at: datetime
    promised: float | None = None
    least: float | None = None
    verdict: float | None = None
    realised: float | None = None
    churn: float | None = None
    chance: float | None = None
    churn_limit: float | None = None
    drift: float | None = None


@dataclass(frozen=True)
class VolumePoint:
    """Events of a day that has closed.

    Attributes:
        day: ISO.
        events: how many.
    """

    day: str
    events: float


@dataclass(frozen=True)
class LiveSpan:
    """A time during which one run was live.

    Attributes:
        run_id: the run.
        trained_at: its training began.
        since: it went live.
        until: another took its place; None for the run that is live.
    """

    run_id: str
    trained_at: datetime
    since: datetime
    until: datetime | None


@dataclass(frozen=True)
class Trends:
    """Figures over runs and watches, each oldest first and bounded.

    Attributes:
        runs: figures of runs.
        drift_limit: share of drifted columns from which on there is an alert.
        volume: events by day.
        usual_volume: lowest and highest count that is usual for the newest day; None where nobody
            knows.
        spans: which run was live when.
    """

    runs: Sequence[RunPoint] = ()
    drift_limit: float | None = None
    volume: Sequence[VolumePoint] = ()
    usual_volume: tuple[float, float] | None = None
    spans: Sequence[LiveSpan] = ()


@dataclass(frozen=True)
class HistoryLine:
    """Something that happened in a placement.

    Attributes:
        at: when.
        kind: one of `HISTORY_KINDS`.
        what: code of the sentence, such as "rollback" or "raised".
        by: who; "" where nobody did it by hand.
        why: a sentence that was stored with it; "" for none.
        run_id: the run concerned; None for none.
        other: the run it took the place of; None for none.
        number: of the watch or alert; None for neither.
        item: the item that was blocked; None for none.
    """

    at: datetime
    kind: str
    what: str
    by: str = ""
    why: str = ""
    run_id: str | None = None
    other: str | None = None
    number: int | None = None
    item: str | None = None


HISTORY_KINDS = (
    "training",
    "publish",
    "approval",
    "rollback",
    "block",
    "refusal",
    "decision",
    "watch",
    "alert",
)
"""What the history can be filtered by."""


@dataclass(frozen=True)
class HistoryPage:
    """A page of the history.

    Attributes:
        lines: newest first.
        older: moment before which the next page begins; None where this is the last one.
    """

    lines: Sequence[HistoryLine] = ()
    older: datetime | None = None


@dataclass(frozen=True)
class WatchedFigure:
    """A figure of a watch.

    Attributes:
        subject: what was measured.
        name: the figure.
        column: of the file; "" where the figure is about none.
        state: "alarm", "look", "healthy" or "short" where too little is known.
        value: of the newest day or window.
        low: lowest value that is usual; None where nobody knows.
        high: highest value that is usual.
        score: how unusual it is, as a standard normal score.
        cause: code of what it points at; None where it is as usual.
        windows: how many it was compared with.
    """

    subject: str
    name: str
    column: str
    state: str
    value: float
    low: float | None
    high: float | None
    score: float
    cause: str | None
    windows: int


@dataclass(frozen=True)
class WatchPart:
    """The figures of a watch that belong together.

    Attributes:
        unit: "day", "window", "silence" or "known".
        start: first day, ISO; "" where there is none.
        is_kept: whether later ones are judged by it.
        figures: worst first.
    """

    unit: str
    start: str
    is_kept: bool
    figures: Sequence[WatchedFigure]


@dataclass(frozen=True)
class WatchLine:
    """A watch in a list of them.

    Attributes:
        watch_no: its number.
        at: when it was made.
        as_of: the moment at which the data was looked at.
        run_id: the run that was live; None where none was.
        newest_event: when the newest event happened; None without events.
        n_alarms: figures beyond health.
        n_looks: figures that may be.
        n_figures: figures that were judged.
    """

    watch_no: int
    at: datetime
    as_of: datetime
    run_id: str | None
    newest_event: datetime | None
    n_alarms: int
    n_looks: int
    n_figures: int


@dataclass(frozen=True)
class WatchFacts:
    """One watch.

    Attributes:
        line: as in a list.
        rows: of the interactions, with those without a time and those later than its moment.
        parts: figures, by what they are of.
        coverage: share of the newest window's events by users with a live list; None where nobody
            knows.
        since_live: what has arrived since the live run's data ends, by name.
        raised: numbers of the alerts that it saw last.
    """

    line: WatchLine
    rows: tuple[int, int, int]
    parts: Sequence[WatchPart]
    coverage: float | None
    since_live: dict[str, float | None]
    raised: Sequence[int] = ()
