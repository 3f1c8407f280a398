"""Gather the facts that the policy looks at."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from flows.failures import INTERRUPTED
from flows.retrain_settings import RetrainSettings
from flows.session import Session
from flows.steps.arrivals.answered import changes_beyond, windows_in_a_row
from flows.steps.retrain.policy_facts import Facts, LiveFact, Reading, StandingAlert, Training
from fusion.core.clocks import SKEW, ahead_sentence, is_ahead
from fusion.errors import Temporary
from storage.reading.live_run import live
from storage.runs.trainings import TrainingRow, newest_trainings
from storage.schema.row_objects import LiveRun
from storage.watches.alert_rows import AlertRow
from storage.watches.alerts import alerts_of
from storage.watches.watches import WatchRow, watches_of_run

log = logging.getLogger(__name__)
OF_NO_FAILURE = (Temporary.exit_code, INTERRUPTED)
"""Exit codes that say nothing of data or configuration: the same training may succeed at once."""
FIGURES = ("new_events", "known_events", "users_without_list", "unknown_items", "turnover")
"""Keys of `since_live` in the facts of a watch that a reading takes over."""
LONGEST_WINDOW = 92
"""Days of a window, a quarter, up to which drift is counted by windows in a row."""


def gather(session: Session, now: datetime) -> Facts:
    """Gather the facts as of a moment.

    Args:
        session: the database and its placement.
        now: aware time.

    Returns:
        The facts.
    """
    engine, placement = session.engine, session.placement
    live_run = live(engine, placement)
    waiting = live(engine, placement, "challenger")
    run_no = live_run.run.run_no if live_run else None
    trainings = [_training(one, run_no) for one in newest_trainings(engine, placement)]
    watches = _watches(session, live_run, now)
    open_ones = alerts_of(engine, placement, ["open"], now)
    alarms = [one for one in open_ones if one.severity == "alarm"]
    facts = Facts(
        placement,
        _live_fact(live_run) if live_run else None,
        waiting.run.run_id if waiting else None,
        tuple(trainings),
        tuple(StandingAlert(one.id, one.cause, one.subject) for one in _of_kind("fault", alarms)),
        _changes(session, _of_kind("change", alarms), watches, live_run),
        tuple(_reading(one, live_run) for one in watches),
    )
    _warn_of_clock(facts, now)
    return facts


def _of_kind(kind: str, alarms: Sequence[AlertRow]) -> list[AlertRow]:
    return [one for one in alarms if one.kind == kind]


def _live_fact(live_run: LiveRun) -> LiveFact:
    run = live_run.run
    return LiveFact(run.run_id, run.created_at, run.as_of, live_run.frozen_until)


def _training(row: TrainingRow, live_no: int | None) -> Training:
    """Tell how a training ended; one that is live by now was refused once at most."""
    outcome = "ready"
    if row.status == "training":
        outcome = "training"
    elif row.status == "failed":
        outcome = "interrupted" if row.exit_code in OF_NO_FAILURE else "failed"
    elif row.status == "rejected" or (row.was_refused and row.run_no != live_no):
        outcome = "refused"
    return Training(row.run_id, row.began_at, row.ended_at, outcome)  # type: ignore[arg-type]


def _watches(session: Session, live_run: LiveRun | None, now: datetime) -> list[WatchRow]:
    """Watches of the live run by `now`, as far back as any trigger counts; newest first."""
    if live_run is None:
        return []
    since = now - timedelta(days=_days_counted(session.config.retrain))
    run_no = live_run.run.run_no
    return watches_of_run(session.engine, session.placement, run_no, since, now + SKEW)


def _days_counted(settings: RetrainSettings) -> int:
    """Days back to the oldest reading that may count, and one more for the hour of the day."""
    by_days = (settings.quality, settings.coverage, settings.catalogue_turnover)
    days = max(one.times for one in (*by_days, settings.new_events))
    # By default one window counts: watches of long ago are read only where somebody asks for more.
    windows = LONGEST_WINDOW * (settings.drift.times - 1)
    return max(days, windows) + 1


def _changes(
    session: Session,
    alarms: Sequence[AlertRow],
    watches: Sequence[WatchRow],
    live_run: LiveRun | None,
) -> tuple[StandingAlert, ...]:
    """Changes that the live run does not know, with the windows in a row that show them."""
    as_of = live_run.run.as_of if live_run else None
    changes = []
    # What the lists of a run did is no change of the data: `quality` counts it, by the live run.
    of_data = [one for one in alarms if "start" in (one.parameters or {})]
    for one in changes_beyond(session, of_data, as_of):
        times = windows_in_a_row(one, watches, as_of)
        changes.append(StandingAlert(one.id, one.cause, one.subject, times))
    return tuple(changes)


def _reading(watch: WatchRow, live_run: LiveRun | None) -> Reading:
    since = watch.facts.get("since_live") or {}
    measured = {name: since.get(name) for name in FIGURES}
    run_id = live_run.run.run_id if live_run else ""
    return Reading(watch.as_of, **measured, shortfall=_shortfall(watch, run_id))


def _shortfall(watch: WatchRow, run_id: str) -> float | None:
    """Share by which a run stays below its promise, at the longest horizon that has closed."""
    closed = {}
    for one in watch.facts.get("realised") or []:
        if one["run_id"] == run_id and one["is_below"] is not None:
            closed[one["horizon"]] = one
    judged = closed.get("window") or closed.get("day")
    low = judged["promised"]["low"] if judged else None
    return 1 - judged["value"] / low if judged and low else None


def _warn_of_clock(facts: Facts, now: datetime) -> None:
    newest = facts.newest
    if newest is not None and is_ahead(newest.began_at, now):
        trained = ahead_sentence(f"run {newest.run_id} was trained", newest.began_at, now)
        log.warning("%s. It holds no cool-down", trained)
