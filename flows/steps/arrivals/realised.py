"""The part of a watch that asks what became of published lists."""

from dataclasses import dataclass
from datetime import timedelta

from flows.session import Session
from flows.steps.realised.due_runs import Arrived
from flows.steps.realised.judge_runs import judge_runs
from flows.steps.realised.outcomes import Outcome, outcomes
from fusion.data.days import midnight
from fusion.watching.figure import DAY
from fusion.watching.figures.measuring import WatchedData
from fusion.watching.past import Layout
from fusion.watching.watch import WatchResult
from storage.watches.realised import RealisedRow


@dataclass(frozen=True)
class Became:
    """What became of published lists.

    Attributes:
        rows: new rows of the table `realised`.
        outcomes: figures that are shown, beside what was promised.
    """

    rows: tuple[RealisedRow, ...]
    outcomes: tuple[Outcome, ...]


def judge_published(
    session: Session, data: WatchedData, watched: WatchResult, layout: Layout, live_no: int | None
) -> Became:
    """Judge published lists by what has happened since.

    Args:
        session: the database.
        data: all events, and the items' table.
        watched: what the watch has found.
        layout: the grid of windows.
        live_no: number of the run that is live; None where none is.

    Returns:
        Rows to store, and figures to show.
    """
    arrived = what_has_arrived(data, watched, layout)
    rows = session.timer("judge", lambda: judge_runs(session, data, arrived, live_no))
    return Became(tuple(rows), tuple(outcomes(session, live_no, rows)))


def what_has_arrived(data: WatchedData, watched: WatchResult, layout: Layout) -> Arrived:
    """Return up to when everything that happened has arrived, and where the data is broken.

    Args:
        data: all events before the moment of the watch.
        watched: with the faults that it has found.
        layout: the grid of windows.
    """
    broken = []
    for alarm in watched.alarms:
        if alarm.cause.kind != "fault":
            continue
        days = 1 if alarm.unit == DAY else layout.window_days
        after = alarm.start + timedelta(days=days)
        broken.append((midnight(alarm.start, layout.timezone), midnight(after, layout.timezone)))
    times = data.log.events["time"]
    return Arrived(int(times[-1]) if len(times) else 0, tuple(broken))
