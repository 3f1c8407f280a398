"""Monitor: drift and stability of a run against the one that was live, as reports, figures in SQL, and alerts."""

import logging
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from dashboards.alerts import Alert, alerts
from dashboards.evidently.report import ReportFiles, write_report
from dashboards.evidently.workspace import record
from dashboards.measures.drift import ColumnDrift, Pairs, drift, drift_rows
from dashboards.measures.stability import Stability, stability
from dashboards.run import RunRef
from flows.session import Session
from flows.steps.train.metric_rows import verdict_rows
from fusion.errors import DataError
from fusion.ranking.features.compute import steady_columns
from fusion.runs.monitoring_samples import SUBJECTS, read_sample
from storage.loading.bulk import load_metrics
from storage.reading.read import history, lists_of, served_of
from storage.runs.records import add_alert
from storage.runs.runs import find_run
from storage.schema.row_objects import RunRow

log = logging.getLogger(__name__)
DEPTH = 10


@dataclass(frozen=True)
class Monitored:
    """What monitoring found: files of the report, drift by column, stability (None for a first run), alerts."""

    run_id: str
    against: str | None
    files: ReportFiles
    drift: tuple[ColumnDrift, ...]
    stability: Stability | None
    alerts: tuple[Alert, ...]


def monitor_run(session: Session, name: str = "live", against: str | None = None) -> Monitored:
    """Compare a run with the one that was live before it (or `against`), write reports, figures and alerts.

    Raises DataError where the run's folder is gone, or where the run before was pruned: a report
    made without it would take the place of one that knew both.
    """
    run = find_run(session.engine, session.placement, name)
    folder = session.runs / run.run_id
    if not (folder / "manifest.json").exists():
        raise DataError(
            f"run {run.run_id} has no folder {folder}; its samples are needed to watch it"
        )
    previous = _run_before(session, run, against)
    if previous and previous.status == "deleted":
        raise DataError(
            f"run {run.run_id} cannot be compared any more: run {previous.run_id}, which was live before it, was "
            f"pruned. What was found before stays in {folder / 'report'}"
        )
    settings = session.config.monitor
    pairs = subjects(folder, session.runs / previous.run_id if previous else None)
    drifted = drift(pairs, settings, {"features": moving_features(pairs)})
    stable = _stability(session, run, previous, folder) if previous else None
    reference = RunRef(run.run_id, session.placement, run.as_of or run.created_at)
    judged = verdict_rows(run.verdict or {})
    files = write_report(folder / "report", reference, pairs, drifted, stable, judged)
    record(session.workspace, reference, drifted, stable, judged, files.snapshot)
    raised = alerts(drifted, stable, settings)
    _store(session, run, drifted, stable, raised)
    return Monitored(
        run.run_id,
        previous.run_id if previous else None,
        files,
        tuple(drifted),
        stable,
        tuple(raised),
    )


def _run_before(session: Session, run: RunRow, against: str | None) -> RunRow | None:
    """The run named, or the one that was live when this run was published, or the one live now; None without one."""
    if against:
        return find_run(session.engine, session.placement, against)
    moves = history(session.engine, session.placement)
    before = [move.from_run_id for move in moves if move.to_run_no == run.run_no]
    live = [move.to_run_id for move in moves if move.to_run_no != run.run_no]
    found = before[0] if before else live[-1] if live else None
    return find_run(session.engine, session.placement, found) if found else None


def subjects(folder: Path, previous: Path | None) -> Pairs:
    """Frames to compare, (reference, current) by subject.

    The reference is the previous run's sample; where there is none, what this run knew one window
    earlier. Features are always compared within the run: the last training table beside the serving
    table.
    """
    before = (
        previous / "monitor" / "now"
        if previous and (previous / "monitor").exists()
        else folder / "monitor" / "before"
    )
    pairs: Pairs = {}
    for name in SUBJECTS:
        now = read_sample(folder / "monitor" / "now" / f"{name}.parquet")
        pairs[name] = (read_sample(before / f"{name}.parquet"), now)
    monitor = folder / "monitor"
    pairs["features"] = (
        read_sample(monitor / "features_before.parquet"),
        read_sample(monitor / "features.parquet"),
    )
    if previous and (previous / "lists.parquet").exists():
        pairs["scores"] = (score_shapes(previous), score_shapes(folder))
    return pairs


def moving_features(pairs: Pairs) -> list[str]:
    """Features that say of themselves that they move from one window to the next: ages, counts, shares."""
    columns = dict.fromkeys(name for frame in pairs["features"] for name in frame.columns)
    return [name for name in columns if name not in steady_columns(columns)]


def score_shapes(folder: Path) -> pl.DataFrame:
    """For each user how the scores fall over ten places, as shares of the whole fall.

    A score only orders one list and its scale moves with every ranker, so shapes are compared,
    never levels. Lists whose scores are all equal have no shape and are left out.
    """
    lists = pl.read_parquet(folder / "lists.parquet", columns=["user", "rank", "score"]).filter(
        pl.col("rank") <= DEPTH
    )
    score, rank = pl.col("score"), pl.col("rank")
    places = lists.group_by("user").agg(
        top=score.max(),
        end=score.min(),
        second=score.filter(rank == 2).max(),
        middle=score.filter(rank == 5).max(),
    )
    fall = pl.col("top") - pl.col("end")
    return (
        places.sort("user")
        .filter(fall > 0)
        .select(
            first_step=(pl.col("top") - pl.col("second")) / fall,
            first_half=(pl.col("top") - pl.col("middle")) / fall,
        )
    )


def _stability(session: Session, run: RunRow, previous: RunRow, folder: Path) -> Stability:
    served = served_of(session.engine, run.run_no)
    return stability(
        lists_of(session.engine, previous.run_no, DEPTH),
        lists_of(session.engine, run.run_no, DEPTH),
        k=DEPTH,
        segments=served.select("user_id", segment="route"),
        twin=twin_lists(folder),
        catalogue=(run.manifest or {}).get("data", {}).get("items"),
    )


def twin_lists(folder: Path) -> pl.DataFrame | None:
    """Lists that the ranker's twin gave a sample of users: user_id, rank, item_id."""
    twin = pl.read_parquet(folder / "monitor" / "twin.parquet")
    if twin.is_empty():
        return None
    users = pl.read_parquet(folder / "ids" / "users.parquet")["user_id"]
    items = pl.read_parquet(folder / "ids" / "items.parquet")["item_id"]
    return pl.DataFrame(
        {
            "user_id": users.gather(twin["user"]),
            "rank": twin["rank"],
            "item_id": items.gather(twin["item"]),
        }
    )


def _store(
    session: Session,
    run: RunRow,
    drifted: list[ColumnDrift],
    stable: Stability | None,
    raised: list[Alert],
) -> None:
    frames = [drift_rows(drifted), *([stable.rows()] if stable else [])]
    load_metrics(session.engine, run.run_no, pl.concat(frames))
    for one in raised:
        add_alert(
            session.engine,
            run.run_no,
            one.subject,
            one.name,
            value=one.value,
            threshold=one.limit,
            message=one.message,
        )
        log.warning("alert subject=%s name=%s: %s", one.subject, one.name, one.message)
