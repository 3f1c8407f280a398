"""What is measured of a placement: the live run, alerts, realised figures, stages, decisions."""

from collections import Counter
from datetime import datetime
from itertools import product
from typing import get_args

from flows.session import Session
from flows.steps.metrics.exposition import Metric, exposition
from storage.database.errors import NoDatabase
from storage.notifications.deliveries import count_waiting
from storage.reading.live_run import live
from storage.runs.records import newest_decision
from storage.runs.runs import runs
from storage.schema.row_objects import LiveRun, RunRow
from storage.schema.types import utc_now
from storage.watches.alert_rows import Kind, State
from storage.watches.alerts import alerts_of
from storage.watches.realised import first_screens
from storage.watches.watches import newest_watch

SEVERITIES = ("alarm", "look")
OPEN: tuple[State, ...] = ("open",)
BYTES_PER_MIB = 1 << 20


def metrics_text(session: Session, now: datetime | None = None) -> str:
    """Measure the placement and write it for Prometheus.

    Args:
        session: the database, which is only read.
        now: aware time; None is this moment.

    Returns:
        The text; where there is no database yet, that nothing is live.

    Raises:
        FusionError: the database is away, or of another version.
    """
    moment = now or utc_now()
    shown = Metric("fusion_live", "1 where a run is live, 0 where none is")
    measured = Metric("fusion_measured_timestamp_seconds", "when these metrics were read")
    measured.add(moment.timestamp())
    metrics = [measured, shown]
    try:
        engine = session.engine
    except NoDatabase:
        shown.add(0)
        return exposition(metrics, {"placement": session.placement})
    live_run = live(engine, session.placement)
    shown.add(int(live_run is not None))
    if live_run is not None:
        metrics += _of_live(live_run, moment)
    metrics += _of_alerts(session)
    metrics += _of_realised(session, live_run)
    metrics += _of_runs(session)
    metrics += _of_asking(session)
    return exposition(metrics, {"placement": session.placement})


def _of_live(live_run: LiveRun, now: datetime) -> list[Metric]:
    run = live_run.run
    age = Metric("fusion_live_age_seconds", "seconds since the training of the live run began")
    age.add((now - run.created_at).total_seconds())
    data_age = Metric("fusion_live_data_age_seconds", "age of the newest data it knew")
    if run.as_of is not None:
        data_age.add((now - run.as_of).total_seconds())
    since = Metric("fusion_live_since_timestamp_seconds", "when the live slot was moved last")
    since.add(live_run.since.timestamp())
    rows = Metric("fusion_live_rows", "rows of the live run by table, as they were loaded")
    for table, sums in (run.manifest or {}).get("tables", {}).items():
        rows.add(sums["rows"], table=table)
    return [age, data_age, since, rows]


def _of_alerts(session: Session) -> list[Metric]:
    """Count alerts that stand open; a kind without any counts 0, so that it can be graphed."""
    standing = alerts_of(session.engine, session.placement, OPEN)
    counts = Counter((one.severity, one.kind) for one in standing)
    metric = Metric("fusion_open_alerts", "alerts that are neither acknowledged nor resolved")
    for severity, kind in product(SEVERITIES, get_args(Kind)):
        metric.add(counts[severity, kind], severity=severity, kind=kind)
    return [metric]


def _of_realised(session: Session, live_run: LiveRun | None) -> list[Metric]:
    """Return NDCG@10 of what became of the live run's lists, with its interval."""
    metric = Metric("fusion_realised_ndcg", "NDCG@10 of the live run's lists by events after it")
    if live_run is None:
        return []
    for row in first_screens(session.engine, session.placement):
        if row.run_no == live_run.run.run_no:
            for bound in ("value", "low", "high"):
                metric.add(getattr(row, bound), horizon=row.horizon, bound=bound)
    return [metric]


def _of_runs(session: Session) -> list[Metric]:
    """Return when runs ended last by status, and what the stages of the newest one cost."""
    newest = runs(session.engine, session.placement)
    ended = Metric("fusion_run_ended_timestamp_seconds", "when a run ended last, by its status")
    statuses = set()
    for run in newest:
        if run.finished_at is not None and run.status not in statuses:
            statuses.add(run.status)
            ended.add(run.finished_at.timestamp(), status=run.status)
    return [ended, *_of_stages(newest)]


def _of_stages(newest: list[RunRow]) -> list[Metric]:
    seconds = Metric("fusion_stage_seconds", "wall-clock seconds of the newest run's stages")
    peaks = Metric("fusion_stage_peak_bytes", "largest memory of the process by a stage's end")
    for run in newest:
        steps = (run.manifest or {}).get("steps")
        if not steps:
            continue
        for step in steps:
            seconds.add(step["seconds"], stage=step["name"])
            peaks.add(step["peak_mb"] * BYTES_PER_MIB, stage=step["name"])
        break
    return [seconds, peaks]


def _of_asking(session: Session) -> list[Metric]:
    """Return when somebody watched and asked the policy last, and what waits for receivers."""
    asked = Metric("fusion_decision_timestamp_seconds", "when the policy was asked last")
    due = Metric("fusion_decision_due", "1 where its answer was that a training is due")
    decision = newest_decision(session.engine, session.placement)
    if decision is not None:
        asked.add(decision.at.timestamp(), trigger=decision.trigger)
        due.add(int(decision.due), trigger=decision.trigger)
    watched = Metric("fusion_watch_timestamp_seconds", "when the data was watched last")
    watch = newest_watch(session.engine, session.placement)
    if watch is not None:
        watched.add(watch.at.timestamp())
    waiting = Metric("fusion_notifications_waiting", "messages that a receiver has not taken yet")
    waiting.add(count_waiting(session.engine, session.placement))
    return [asked, due, watched, waiting]
