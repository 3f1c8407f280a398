"""Load a finished run from its folder into SQL, without training."""

import logging
from datetime import datetime
from pathlib import Path

import polars as pl
from sqlalchemy import func, select

from flows.session import Session
from flows.steps.keep.forgotten import read_forgotten
from flows.steps.run_damage import require_whole
from fusion.errors import DataError
from fusion.runs.manifest import Manifest
from fusion.runs.manifest_file import read_manifest
from fusion.runs.run_folder import RunFolder, begun_at, folder_of
from storage.loading.bulk import load_metrics
from storage.reading.list_sums import changes_in_lists
from storage.runs.erasure import SUMS
from storage.runs.liveness import end_life
from storage.runs.reopen import reopen_run, run_by_id
from storage.runs.runs import Ending, find_run, finish_run, start_run
from storage.schema.row_objects import RunRow
from storage.schema.tables import fallback, recommendation, served_user

log = logging.getLogger(__name__)


def load_if_missing(session: Session, name: str, compare: bool = False) -> None:
    """Load the rows of a run from its folder, where SQL has none of a table.

    So is a run that ended while the database was away: its training is done, its folder whole.

    Args:
        session: the database and the folder of runs.
        name: the run's id, or a slot.
        compare: also where SQL has other values than were loaded, which takes a read of all.

    Raises:
        ConfigError: no such run.
        DataError: its folder is damaged, or holds people who were forgotten.
        Refused: a slot shows the run.
        Temporary: the database is away or busy, or the run is in training.
    """
    run = find_run(session.engine, session.placement, name)
    folder = RunFolder(folder_of(session.runs, run.run_id))
    if run.status in ("deleted", "rejected") or not folder.manifest.exists():
        return
    is_whole = run.status == "ready" and _is_loaded(session, run, folder)
    if is_whole and not (compare and changes_in_lists(session.engine, run.run_no)):
        return
    _require_loadable(session, folder)
    reopen_run(session.engine, run.run_no)
    _load(session, run.run_no, folder.path)


def register_from_folder(session: Session, run_id: str) -> None:
    """Give a run whose folder is kept a row in a database that has none of it, and load its lists.

    A database that is not there yet is made. A run that has a row is loaded as by
    `load_if_missing`.

    Args:
        session: the database and the folder of runs.
        run_id: the run's id.

    Raises:
        DataError: there is no such folder, it is damaged, belongs to another placement, or holds
            people who were forgotten.
        Temporary: the database is away or busy.
    """
    folder = RunFolder(folder_of(session.runs, run_id))
    if not folder.manifest.exists():
        raise DataError(
            f"there is no run folder {folder.path}: put it back from a backup, or train anew: "
            "`fusion run`"
        )
    session.make_database()
    if run_by_id(session.engine, run_id) is not None:
        load_if_missing(session, run_id, compare=True)
        return
    _require_loadable(session, folder)
    manifest = Manifest.of(read_manifest(folder.path))
    if manifest.placement != session.placement:
        raise DataError(
            f"run {run_id} was made for placement {manifest.placement!r}, not for "
            f"{session.placement!r}: name its configuration with --config"
        )
    rules = f"-{manifest.rules.hash}" if manifest.rules and manifest.rules.hash else ""
    run_no = start_run(
        session.engine,
        run_id,
        session.placement,
        kind="full",
        as_of=datetime.fromisoformat(manifest.as_of) if manifest.as_of else None,
        data_hash=manifest.data.hash,
        config_hash=f"{manifest.config['hash']}{rules}",
        created_at=begun_at(run_id),
    )
    _load(session, run_no, folder.path)


def _is_loaded(session: Session, run: RunRow, folder: RunFolder) -> bool:
    """Return whether SQL holds lists, users and fallback rows, where the folder has any.

    A part that is lost is damage, which the contract refuses and names.
    """
    files = {recommendation: folder.lists, served_user: folder.served, fallback: folder.fallback}
    for table, file in files.items():
        if not file.exists():
            continue
        count = select(func.count()).where(table.c.run_no == run.run_no)
        with session.engine.connect() as connection:
            stored = connection.scalar(count)
        if not stored and pl.scan_parquet(file).select(pl.len()).collect().item():
            return False
    return True


def _require_loadable(session: Session, folder: RunFolder) -> None:
    """Refuse a damaged folder, and one that would bring forgotten people back."""
    require_whole(folder.path)
    forgotten = read_forgotten(session.engine)
    if forgotten is None:
        return
    ids = pl.read_parquet(folder.user_ids)["user_id"].drop_nulls()
    back = int(forgotten(ids).sum())
    if back:
        raise DataError(
            f"run folder {folder.path} holds {back} people who were forgotten since, as a backup "
            "may: `fusion forget` them again, which takes them out of it, and repeat the command"
        )


def _load(session: Session, run_no: int, folder: Path) -> None:
    """Load a run that was begun, or opened again, and end it as its training did."""
    # Only now: these import what trains, and a run whose rows are there needs none of it.
    from flows.steps.train.metric_rows import metric_rows  # noqa: PLC0415
    from flows.steps.train.results import load_folder  # noqa: PLC0415

    manifest = read_manifest(folder)
    made = Manifest.of(manifest)
    is_admitted = all(check["holds"] for check in made.checks)
    status: Ending = "ready" if is_admitted else "rejected"
    try:
        manifest[SUMS] = load_folder(session, run_no, folder)
        shift = {name: psi for name, psi in made.feature_psi.items() if psi is not None}
        rows = metric_rows(made.verdict, shift, made.exposure, made.estimate, made.cold_users)
        load_metrics(session.engine, run_no, rows)
        finish_run(
            session.engine,
            run_no,
            status,
            method=made.method,
            list_size=made.config["lists"]["size"],
            verdict=made.verdict,
            manifest=manifest,
        )
    finally:
        end_life(session.engine, run_no)
    log.info("run loaded from its folder run_no=%d folder=%s", run_no, folder)
