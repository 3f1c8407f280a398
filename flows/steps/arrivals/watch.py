"""`fusion watch`: what has happened since, without a training."""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flows.session import Session
from flows.steps.alerts.run_before import run_before
from flows.steps.arrivals.alerts import raise_and_resolve
from flows.steps.arrivals.answered import answer_as_live
from flows.steps.arrivals.facts import facts_of, figures_kept
from flows.steps.arrivals.inputs import (
    WatchLayout,
    expected_until,
    new_baselines,
    read_data,
    read_past,
)
from flows.steps.arrivals.known_files import known_folder, read_known, write_known
from flows.steps.arrivals.realised import judge_published
from flows.steps.realised.quality import raise_and_resolve_quality
from flows.steps.watch.diagnosis.diagnose_run import diagnose_run
from fusion.core.clocks import utc_now
from fusion.watching.closing import LEAST_PEOPLE
from fusion.watching.figure import WINDOW
from fusion.watching.figures.known_ids import KnownIds, digest_ids, sample_limits
from fusion.watching.figures.measuring import WatchedData
from fusion.watching.past import Past
from fusion.watching.statistics.prediction_scores import LEAST_WINDOWS
from fusion.watching.watch import WatchResult, watch
from storage.reading.live_run import live
from storage.watches.alert_rows import AlertRow, State
from storage.watches.alerts import alerts_of
from storage.watches.realised import add_realised
from storage.watches.watches import add_watch, newest_watch

log = logging.getLogger(__name__)
STATES: tuple[State, ...] = ("open", "acknowledged", "resolved")


@dataclass(frozen=True)
class WatchOutcome:
    """Facts of a watch, and the alerts that stand since.

    Attributes:
        watch_no: number of its row.
        as_of: the moment at which the data was looked at.
        facts: all that was measured, as the table `watch` holds it.
        alerts: that stand now, of the placement's data and runs.
        note: what could not be judged, in a sentence; "" where everything could.
    """

    watch_no: int
    as_of: datetime
    facts: dict[str, Any]
    alerts: tuple[AlertRow, ...]
    note: str

    @property
    def newest(self) -> datetime | None:
        """The moment of the newest event; None without events."""
        text = self.facts["newest_event"]
        return datetime.fromisoformat(text) if text else None

    @property
    def exit_code(self) -> int:
        """4 where an alarm is open, else 0."""
        is_open = [one for one in self.alerts if (one.state, one.severity) == ("open", "alarm")]
        return 4 if is_open else 0


def watch_placement(session: Session, as_of: datetime | None = None) -> WatchOutcome:
    """Look at what has arrived since the last watch, and raise or resolve alerts.

    Args:
        session: the configuration, the database and the artifacts' folder.
        as_of: look at the data as at this moment; None is now.

    Returns:
        Facts and alerts.

    Raises:
        ConfigError: a key of the environment is missing.
        DataError: the data cannot be read, or has no times.
        Temporary: a database is busy or away.
    """
    session.make_database()
    now = as_of or utc_now()
    live_run = live(session.engine, session.placement)
    if live_run is not None:
        answer_as_live(session, live_run.run)
    stored = newest_watch(session.engine, session.placement)
    layout = WatchLayout.read(stored.layout) if stored else None
    data, layout = session.timer("read", lambda: read_data(session, now, layout, live_run))
    past = read_past(session, layout, now, stored) if stored else Past()
    earlier = alerts_of(session.engine, session.placement, STATES)
    past.baselines.update(new_baselines(earlier))
    folder = known_folder(session.runs, session.placement)
    before = read_known(folder)
    present = _digest(data, layout, now, before)
    # Taken as expected, it is what later watches compare with.
    is_anew = any(one.is_expected and one.state == "acknowledged" for one in earlier)
    watched = session.timer(
        "watch",
        lambda: watch(
            data,
            past,
            layout.grid,
            now,
            false_alarms=session.config.watch.false_alarms,
            known=(before, present) if before and present and not is_anew else None,
            expected=expected_until(earlier),
        ),
    )
    live_no = live_run.run.run_no if live_run else None
    became = judge_published(session, data, watched, layout.grid, live_no)
    facts = facts_of(session, data, watched, live_run, became.outcomes)
    watch_no = add_watch(
        session.engine,
        session.placement,
        as_of=now,
        run_no=live_no,
        layout=layout.as_dict(),
        facts=facts,
        figures=figures_kept(watched),
    )
    add_realised(session.engine, watch_no, became.rows)
    raise_and_resolve(session, watched, earlier, watch_no, live_run)
    for run in raise_and_resolve_quality(session, became.outcomes, watch_no, watched.limit):
        diagnose_run(session, run, run_before(session.engine, run))
    if present is not None and (before is None or is_anew or _may_replace(watched)):
        write_known(folder, present)
    standing = alerts_of(session.engine, session.placement)
    return WatchOutcome(watch_no, now, facts, tuple(standing), _note(past, watched, layout))


def _digest(
    data: WatchedData, layout: WatchLayout, now: datetime, before: KnownIds | None
) -> KnownIds | None:
    """Digest the sample; None without events."""
    events = data.log.events
    if events.is_empty():
        return None
    limits = before.limits if before else sample_limits(events, data.tables)
    return digest_ids(events, data.tables, layout.grid.spans(WINDOW, now), limits)


def _may_replace(watched: WatchResult) -> bool:
    """Return whether what is known may be replaced: by a closed window, and by no fault.

    Compared with broken data, mended data would be what looks broken.
    """
    is_closed = any(one.is_new and one.is_kept for one in watched.windows)
    return is_closed and not any(one.cause for one in watched.comparison)


def _note(past: Past, watched: WatchResult, layout: WatchLayout) -> str:
    """Say what could not be judged."""
    days = layout.grid.window_days
    if len(past.windows) > LEAST_WINDOWS:
        # None where the data has ended: then its silence is what is judged.
        states = [one.state for window in watched.windows[-1:] for one in window.judgements]
        if not states or any(state != "short" for state in states):
            return ""
        few = f"Fewer than {LEAST_PEOPLE} users come in a usual window of {days} days"
        return f"{few}: too few to judge what they do."
    return (
        f"The history is too short to judge: {len(past.windows)} windows of {days} days have "
        f"closed, and {LEAST_WINDOWS + 1} are needed."
    )
