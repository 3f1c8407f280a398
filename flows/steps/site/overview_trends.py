"""Figures over runs and watches, for the small pictures of Today."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from sqlalchemy import Engine

from dashboards.measures.churn_excess import Churn, excess_limit
from dashboards.pages.overview.past_facts import LiveSpan, RunPoint, Trends, VolumePoint
from dashboards.settings import MonitorSettings
from flows.steps.realised.outcomes import LEAST_USERS
from storage.reading.over_time.live_spans import LiveMove
from storage.reading.over_time.run_figures import RunFigures, run_figures
from storage.watches.watches import WatchRow, newest_figures

MOST_RUNS = 30
MOST_DAYS = 60
MOST_SPANS = 20
DAILY_EVENTS = ("interactions", "rows_of_day")
SECONDS_A_DAY = 86_400


def trends_of(
    engine: Engine,
    placement: str,
    settings: MonitorSettings,
    moves: Sequence[LiveMove],
    watch: WatchRow | None,
) -> Trends:
    """Return figures over runs and watches.

    Args:
        engine: of the session.
        placement: where lists are shown.
        settings: whose limits count.
        moves: of the live slot, oldest first.
        watch: the newest one; None before the first.
    """
    volume, usual = _volume(engine, placement, watch)
    runs = run_figures(engine, placement, MOST_RUNS)
    return Trends(
        runs=_run_points(runs, settings.churn_limit),
        drift_limit=settings.drift_share,
        volume=volume,
        usual_volume=usual,
        spans=live_spans(moves)[-MOST_SPANS:],
    )


def live_spans(moves: Sequence[LiveMove]) -> list[LiveSpan]:
    """Return which run was live when.

    Args:
        moves: of the live slot, oldest first; those that show the same run again are none.
    """
    starts: list[LiveMove] = []
    for move in moves:
        if not starts or move.run_id != starts[-1].run_id:
            starts.append(move)
    spans = []
    for begun, ended in pairwise([*starts, None]):
        if begun is not None and begun.run_id is not None and begun.trained_at is not None:
            until = ended.at if ended else None
            spans.append(LiveSpan(begun.run_id, begun.trained_at, begun.at, until))
    return spans


def _run_points(runs: Sequence[RunFigures], churn_floor: float) -> list[RunPoint]:
    points = []
    before: RunFigures | None = None
    for run in runs:
        promise = run.promise or {}
        # A handful of users says nothing, and is compared with nothing anywhere else.
        is_enough = run.users is not None and run.users >= LEAST_USERS
        point = RunPoint(
            run_id=run.run_id,
            at=run.as_of or run.created_at,
            promised=promise.get("value"),
            least=promise.get("low"),
            verdict=run.verdict,
            realised=run.realised if is_enough else None,
            churn=run.churn,
            chance=None if run.jaccard_chance is None else 1 - run.jaccard_chance,
            churn_limit=_churn_limit(run, before, churn_floor),
            drift=run.drifted_share,
        )
        points.append(point)
        before = run
    return points


def _churn_limit(run: RunFigures, before: RunFigures | None, floor: float) -> float | None:
    """Churn from which on `dashboards.alerts` raises one; None without a run before."""
    if before is None:
        return None
    now, then = (run.as_of, before.as_of)
    if now is None or then is None:
        now, then = run.created_at, before.created_at
    days = abs((now - then).total_seconds()) / SECONDS_A_DAY
    chance = 0.0 if run.jaccard_chance is None else 1 - run.jaccard_chance
    return min(max(floor, chance + excess_limit(days, _churn(before))), 1.0)


def _churn(run: RunFigures) -> Churn | None:
    if run.churn is None:
        return None
    return Churn(run.churn, None if run.jaccard_chance is None else 1 - run.jaccard_chance)


def _volume(
    engine: Engine, placement: str, watch: WatchRow | None
) -> tuple[list[VolumePoint], tuple[float, float] | None]:
    """Events by closed day, and what is usual for the newest one."""
    stored = newest_figures(engine, placement, "day", ".".join(DAILY_EVENTS), MOST_DAYS)
    volume = [VolumePoint(one.start, one.value) for one in stored if one.value is not None]
    newest = _newest_day(watch)
    if newest is None:
        return volume, None
    start, figure = newest
    # A day with a fault is not kept with the others.
    if not volume or start > volume[-1].day:
        volume.append(VolumePoint(start, figure["value"]))
    low, high = figure["low"], figure["high"]
    return volume, (None if low is None or high is None else (max(low, 0.0), high))


def _newest_day(watch: WatchRow | None) -> tuple[str, dict[str, Any]] | None:
    """First day and figure of events of the newest day that a watch judged."""
    day = (watch.facts.get("day") if watch else None) or {"figures": []}
    for one in day["figures"]:
        if (one["subject"], one["name"]) == DAILY_EVENTS:
            return day["start"], one
    return None
