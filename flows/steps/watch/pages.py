"""Show runs in Evidently's pages: figures at once, pictures of those that nobody has opened yet."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

from dashboards.evidently.drawing import draw_report, show_report
from dashboards.evidently.report import DRIFT_JSON, ReportFiles, read_drift
from dashboards.evidently.workspace import snapshots
from dashboards.measures.drift import Pairs
from dashboards.run import RunRef
from flows.session import Session
from flows.steps.run_damage import require_whole
from flows.steps.watch.monitor_frames import has_samples, read_pairs, report_folder
from fusion.errors import DataError
from fusion.runs.run_folder import RunFolder, folder_of

log = logging.getLogger(__name__)
POLL_SECONDS = 2.0
"""Pause between two looks for new runs while dashboards are open: a person hardly waits longer."""
END_SECONDS = 10.0
"""Longest wait for a page that is half drawn when dashboards are closed; it is drawn anew later."""


def show_run(session: Session, reported: RunRef) -> None:
    """Put a run that was monitored into Evidently's pages, without pictures.

    Args:
        session: the folders of runs and of the dashboards.
        reported: the run, as its report names it.
    """
    folder = report_folder(RunFolder(folder_of(session.runs, reported.run_id)))
    show_report(folder, session.workspace)
    _keep_newest(session, reported.placement)


def draw_page(session: Session, run_id: str) -> None:
    """Draw the drift page of a run that was monitored, and its run in the dashboards with pictures.

    Figures are those of the monitoring. Pictures are drawn from samples in run folders, without
    people who were forgotten meanwhile; where the run before was pruned there are none of its rows.

    Args:
        session: the folders of runs and of the dashboards.
        run_id: of the run.

    Raises:
        DataError: a run folder is damaged, or the report cannot be read.
    """
    run = RunFolder(folder_of(session.runs, run_id))
    folder = report_folder(run)
    require_whole(run.path)
    reported = read_drift(folder).run
    draw_report(folder, session.workspace, _frames(session, run, reported))
    _keep_newest(session, reported.placement)
    if not run.manifest.exists():  # pruned meanwhile, and its files in the dashboards before these
        for file in snapshots(session.workspace, reported.placement, run_id):
            file.unlink(missing_ok=True)


def _keep_newest(session: Session, placement: str) -> None:
    """Take older runs of a placement out of Evidently's pages; the files of reports stay."""
    # Ids of runs begin with the moment of their training.
    run_ids = sorted(
        (file.parent.name for file in session.runs.glob("[0-9]*/report")), reverse=True
    )
    files = (snapshots(session.workspace, placement, run_id) for run_id in run_ids)
    shown = [pair for pair in files if any(file.exists() for file in pair)]
    for pair in shown[session.config.monitor.snapshots :]:
        for file in pair:
            file.unlink(missing_ok=True)


def _frames(session: Session, run: RunFolder, reported: RunRef) -> Pairs:
    """Return the frames that the monitoring compared, those that are still there."""
    previous = _folder_if_there(session, reported.against)
    owner = _folder_if_there(session, reported.reference)
    samples = None
    if owner:
        samples = (
            owner.samples_before if reported.reference == reported.run_id else owner.samples_now
        )
    return read_pairs(run, samples, previous)


def _folder_if_there(session: Session, run_id: str | None) -> RunFolder | None:
    """Return the folder of a run; None where there is no such run, or it was pruned."""
    folder = RunFolder(folder_of(session.runs, run_id)) if run_id else None
    if folder is None or not has_samples(folder):
        return None
    require_whole(folder.path)
    return folder


def undrawn_runs(session: Session) -> list[str]:
    """Return ids of the runs whose drift page nobody has asked for yet, the newest first.

    Args:
        session: the folder of runs, of whichever placement.
    """
    reports = sorted(session.runs.glob(f"[0-9]*/report/{DRIFT_JSON}"), reverse=True)
    folders = [file.parent for file in reports]
    return [folder.parent.name for folder in folders if not ReportFiles(folder).is_drawn]


def draw_newest(session: Session) -> None:
    """Draw the newest run that is not drawn yet, so that whoever opens the dashboards sees it.

    Args:
        session: the folders of runs and of the dashboards.
    """
    _show_missing(session)
    _draw_each(session, undrawn_runs(session)[:1], Event(), set())


def _show_missing(session: Session) -> None:
    """Put the newest runs into Evidently's pages that an earlier release put there otherwise."""
    reports = sorted(session.runs.glob(f"[0-9]*/report/{DRIFT_JSON}"), reverse=True)
    for file in reports[: session.config.monitor.snapshots]:
        # A report that cannot be read is named when its page is drawn.
        with suppress(DataError):
            reported = read_drift(file.parent).run
            shown, *_ = snapshots(session.workspace, reported.placement, reported.run_id)
            if not shown.exists():
                show_run(session, reported)


@contextmanager
def drawing(session: Session) -> Iterator[None]:
    """Draw what is not drawn yet, and runs that come, on a thread until the block ends.

    Args:
        session: the folders of runs and of the dashboards.

    Yields:
        Nothing: the dashboards show a run once it is drawn.
    """
    stop = Event()
    thread = Thread(target=_draw_until, args=(session, stop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(END_SECONDS)


def _draw_until(session: Session, stop: Event) -> None:
    """Draw runs as they come, each that fails once only."""
    failed = set[str]()
    while not stop.wait(POLL_SECONDS):
        runs = [run_id for run_id in undrawn_runs(session) if run_id not in failed]
        _draw_each(session, runs, stop, failed)


def _draw_each(session: Session, runs: list[str], stop: Event, failed: set[str]) -> None:
    """Draw runs one after the other; one that cannot be drawn is named and noted as failed."""
    for run_id in runs:
        if stop.is_set():
            return
        try:
            draw_page(session, run_id)
        # The dashboards show all other runs, whatever is wrong with this one.
        except Exception as failure:
            failed.add(run_id)
            log.warning("page not drawn run_id=%s: %s", run_id, failure)
