"""Facts of a placement for the pages for the morning, hostile ones among them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from dashboards.pages.overview.facts import (
    AlertFacts,
    AlertPage,
    CauseFacts,
    DecisionFacts,
    LiveFacts,
    OverviewReads,
    TodayFacts,
    TrainingFacts,
)
from dashboards.pages.overview.past_facts import (
    HISTORY_KINDS,
    HistoryLine,
    HistoryPage,
    LiveSpan,
    RunPoint,
    Trends,
    VolumePoint,
    WatchedFigure,
    WatchFacts,
    WatchLine,
    WatchPart,
)
from tests.dashboards.pages.planted import ANSI, HOSTILE

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
LIVE = LiveFacts("r2", "ranker", NOW - DAY, NOW - DAY, NOW - DAY / 2, "ann", "admitted", None)
FAULT = AlertFacts(
    7,
    "open",
    "fault",
    "alarm",
    "missing",
    "interactions",
    "rows",
    f"Interactions are missing {HOSTILE}{ANSI}. Look at the export.",
    NOW - DAY,
    NOW,
    value=12.0,
    limit=340.5,
    usual=(340.5, 1200.0),
    run_id=HOSTILE,
    watch_no=3,
)
LOOK = replace(FAULT, id=8, kind="change", severity="look", cause="mix", message="The mix moved.")
RUNS = [
    RunPoint("r1", NOW - 9 * DAY, 0.31, 0.2, 0.3, 0.29, None, None, None, 0.0),
    RunPoint("r2", NOW - 2 * DAY, 0.33, 0.21, 0.32, None, 0.4, 0.3, 0.65, 0.1),
]
TRENDS = Trends(
    runs=RUNS,
    drift_limit=0.3,
    volume=[VolumePoint("2026-03-01", 812.0), VolumePoint("2026-03-02", 790.0)],
    usual_volume=(500.0, 1100.0),
    spans=[
        LiveSpan("r1", NOW - 9 * DAY, NOW - 8 * DAY, NOW - DAY),
        LiveSpan("r2", NOW - DAY, NOW - DAY, None),
    ],
)
FINE = TodayFacts(
    max_age=7 * DAY,
    live=LIVE,
    newest=TrainingFacts("r2", NOW - DAY, NOW - DAY, "ready"),
    decision=DecisionFacts(NOW - DAY, False, "age", "the live run is `1` day old"),
    cron=("0 3 * * *", "UTC"),
    trends=TRENDS,
)
CAUSE = CauseFacts(
    "data",
    HOSTILE,
    "alarm",
    f"Rows are missing {HOSTILE}",
    [
        {
            "subject": "interactions",
            "name": "rows",
            "value": 12.0,
            "before": 700.0,
            "low": None,
            "high": None,
        }
    ],
)
BAD = replace(
    FINE,
    challenger=("r3", NOW),
    alerts=[FAULT, LOOK, replace(LOOK, id=9, state="acknowledged")],
    newest=TrainingFacts("r4", NOW - DAY, NOW, "failed", f"DataError: {HOSTILE}"),
    trouble=TrainingFacts("r4", NOW - DAY, NOW, "failed", f"DataError: {HOSTILE}"),
    causes=[CAUSE],
)
ALERT_PAGE = AlertPage(
    replace(
        FAULT,
        acknowledged_at=NOW - DAY / 2,
        acknowledged_by=HOSTILE,
        acknowledged_why=HOSTILE,
        acknowledged_until=NOW - DAY / 3,
    ),
    before=[replace(FAULT, id=2, state="resolved", resolved_at=NOW, resolved_why=HOSTILE)],
    values=[("2026-03-01", 700.0), ("2026-03-02", 12.0)],
)
LINE = WatchLine(3, NOW, NOW, HOSTILE, NOW, 1, 0, 2)
FIGURES = [
    WatchedFigure("users", "mix", HOSTILE, "alarm", 0.4, 0.0, 0.2, 5.5, "mix", 20),
    WatchedFigure("users", "new", "", "short", 0.1, None, None, 0.0, None, 2),
]
WATCH = WatchFacts(
    LINE,
    (1200, 0, 3),
    [WatchPart("window", "2026-03-01", False, FIGURES)],
    0.87,
    {"new_events": 40, "unknown_items": None},
    [7],
)
WHAT = {
    "training": "ready",
    "publish": "publish",
    "approval": "approve",
    "rollback": "rollback",
    "block": "end",
    "refusal": "refused",
    "decision": "not_due",
    "watch": "watched",
    "alert": "raised",
}
LINES = [
    HistoryLine(NOW, kind, WHAT[kind], HOSTILE, HOSTILE, HOSTILE, "r1", 3, HOSTILE)
    for kind in HISTORY_KINDS
]


def reads(today: TodayFacts | None = BAD, **more) -> OverviewReads:
    """Readers that answer with planted facts, whatever they are asked."""
    planted = {
        "today": lambda placement: today,
        "alerts": lambda placement, state: [FAULT, LOOK],
        "alert": lambda placement, number: ALERT_PAGE if number == 7 else None,
        "history": lambda placement, kind, before: HistoryPage(LINES, NOW),
        "watches": lambda placement, below: [LINE],
        "watch": lambda placement, number: WATCH if number == 3 else None,
    }
    return OverviewReads(**planted | more)
