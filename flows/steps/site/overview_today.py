"""What Today shows of a placement."""

from collections.abc import Collection, Sequence
from datetime import timedelta

from sqlalchemy import Engine

from dashboards.pages.overview.facts import (
    CauseFacts,
    DecisionFacts,
    LiveFacts,
    Outcome,
    TodayFacts,
    TrainingFacts,
)
from flows.session import Session
from flows.steps.run_summaries import frozen_until
from flows.steps.site.overview_alerts import alert_facts
from flows.steps.site.overview_trends import trends_of
from storage.reading.live_run import live
from storage.reading.over_time.live_spans import live_moves
from storage.reading.over_time.troubles import why_not_shown
from storage.runs.records import newest_decision
from storage.runs.trainings import TrainingRow, newest_trainings
from storage.schema.row_objects import LiveRun
from storage.schema.types import utc_now
from storage.watches.alert_lists import newest_alerts
from storage.watches.diagnosis import diagnosis_of
from storage.watches.watches import newest_watch

MOST_ALERTS = 200
MOST_MOVES = 60


def today_facts(session: Session, placement: str) -> TodayFacts:
    """Return everything that Today shows.

    Args:
        session: whose database is read, and whose limits count.
        placement: where lists are shown.
    """
    engine = session.engine
    shown = live(engine, placement)
    waiting = live(engine, placement, "challenger")
    standing = newest_alerts(engine, placement, ("open", "acknowledged"), MOST_ALERTS, utc_now())
    moves = live_moves(engine, placement, MOST_MOVES)
    trainings = newest_trainings(engine, placement)
    went_live = {move.run_id for move in moves if move.run_id}
    newest, trouble = _ended(engine, trainings, went_live)
    retrain = session.config.retrain
    watch = newest_watch(engine, placement)
    return TodayFacts(
        max_age=timedelta(days=retrain.max_age),
        live=_live_facts(shown) if shown else None,
        challenger=(waiting.run.run_id, waiting.since) if waiting else None,
        alerts=alert_facts(engine, standing),
        newest=newest,
        trouble=trouble,
        decision=_decision(engine, placement),
        cron=(retrain.cron, retrain.timezone),
        causes=_causes(engine, shown),
        trends=trends_of(engine, placement, session.config.monitor, moves, watch),
    )


def _live_facts(shown: LiveRun) -> LiveFacts:
    run = shown.run
    reported = (run.verdict or {}).get("reported") or {}
    ndcg = (reported["value"], reported.get("low"), reported.get("high")) if reported else None
    return LiveFacts(
        run_id=run.run_id,
        method=run.method or "",
        trained_at=run.created_at,
        as_of=run.as_of,
        since=shown.since,
        by=shown.by,
        why=shown.reason,
        frozen_until=frozen_until(shown),
        ndcg=ndcg,
    )


def _ended(
    engine: Engine, trainings: Sequence[TrainingRow], went_live: Collection[str]
) -> tuple[TrainingFacts | None, TrainingFacts | None]:
    """Return the newest training that has ended, and the newest that came to nothing."""
    newest: TrainingFacts | None = None
    for row in trainings:
        outcome = _outcome(row, went_live)
        if outcome == "training":
            continue
        is_trouble = outcome in ("refused", "failed")
        why = why_not_shown(engine, row.run_no) if is_trouble else ""
        facts = TrainingFacts(row.run_id, row.began_at, row.ended_at, outcome, why)
        newest = newest or facts
        if is_trouble:
            return newest, facts
    return newest, None


def _outcome(row: TrainingRow, went_live: Collection[str]) -> Outcome:
    if row.status in ("training", "failed"):
        return "training" if row.status == "training" else "failed"
    # Who was refused and is live by now was allowed later.
    if row.status == "rejected" or (row.was_refused and row.run_id not in went_live):
        return "refused"
    return "ready"


def _decision(engine: Engine, placement: str) -> DecisionFacts | None:
    row = newest_decision(engine, placement)
    return DecisionFacts(row.at, row.due, row.trigger, row.reason) if row else None


def _causes(engine: Engine, shown: LiveRun | None) -> list[CauseFacts]:
    """Return what monitoring found behind what moved with the live run."""
    rows = diagnosis_of(engine, shown.run.run_no) if shown else []
    return [
        CauseFacts(row.kind, row.subject, row.severity, row.sentence, row.evidence) for row in rows
    ]
