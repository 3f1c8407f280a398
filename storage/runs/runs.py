"""Runs: begun, ended, found."""

import logging
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import Connection, Engine, RowMapping, insert, select, update
from sqlalchemy.exc import IntegrityError

from fusion.errors import ConfigError, DataError, Temporary, UnknownName
from storage.database.engine import writing
from storage.runs.liveness import begin_life, end_life
from storage.runs.partitions import remove_lists
from storage.schema.row_objects import RunRow
from storage.schema.tables import run, slot
from storage.schema.types import utc_now

Ending = Literal["ready", "rejected", "failed"]
SLOTS = ("live", "challenger")

logger = logging.getLogger(__name__)


def start_run(  # noqa: PLR0913 one argument a column
    engine: Engine,
    run_id: str,
    placement: str,
    *,
    kind: str,
    as_of: datetime | None,
    data_hash: str,
    config_hash: str,
    base_run_no: int | None = None,
) -> int:
    """Begin a run, in status `training`, alive until `finish_run` or until this process dies.

    Raises DataError when `run_id` is taken.

    Args:
        engine: from `connect`.
        run_id: outside name, unique in the database.
        placement: where its lists will be shown.
        kind: `full`; later also incremental kinds, which stand on `base_run_no`.
        as_of: aware time up to which data was known; None where the data has no times.
        data_hash: hash of the data it is made from.
        config_hash: hash of the configuration.
        base_run_no: the run that an incremental run stands on.

    Returns:
        run_no, under which lists and metrics are loaded.

    """
    row = {
        "run_id": run_id,
        "placement": placement,
        "kind": kind,
        "as_of": as_of,
        "data_hash": data_hash,
        "config_hash": config_hash,
        "base_run_no": base_run_no,
        "created_at": utc_now(),
        "status": "training",
    }
    try:
        with writing(engine) as connection:
            run_no: int = connection.execute(
                insert(run).values(row).returning(run.c.run_no)
            ).scalar_one()
            begin_life(engine, run_no)
    except IntegrityError as error:
        raise DataError(
            f"run {run_id!r} cannot be begun: its name is taken, or run {base_run_no} is not there"
        ) from error
    logger.info("run begun run_id=%s run_no=%d placement=%s", run_id, run_no, placement)
    return run_no


def finish_run(  # noqa: PLR0913 one argument a column
    engine: Engine,
    run_no: int,
    status: Ending,
    *,
    method: str | None,
    list_size: int | None,
    verdict: dict[str, Any],
    manifest: dict[str, Any],
) -> None:
    """End a run: `ready` may be published, `rejected` is kept to look at, `failed` loses its lists.

    Its sign of life ends too, also when this fails: a sweep may then end the run. NaN and
    infinities in `verdict` and `manifest` are stored as null.

    Raises:
        Temporary: the run is not in training any more, since a sweep took it for dead.

    """
    if status not in get_args(Ending):
        raise UnknownName("status of a finished run", status, get_args(Ending))
    row = {
        "status": status,
        "method": method,
        "list_size": list_size,
        "verdict": verdict,
        "manifest": manifest,
    }
    try:
        if status == "failed":
            with writing(engine) as connection:
                require_training(connection, run_no)
            remove_lists(engine, run_no)
        with writing(engine) as connection:
            require_training(connection, run_no)
            connection.execute(
                update(run).where(run.c.run_no == run_no).values(finished_at=utc_now(), **row)
            )
    finally:
        end_life(engine, run_no)
    logger.info("run ended run_no=%d status=%s method=%s", run_no, status, method)


def add_refusal(engine: Engine, run_no: int, by: str, checks: list[dict[str, Any]]) -> None:
    """Write into a run's manifest, under `refusals`, that it was not published at this moment, and why."""
    with writing(engine) as connection:
        stored = (
            select(run.c.manifest).where(run.c.run_no == run_no).with_for_update(key_share=True)
        )
        manifest = dict(connection.execute(stored).scalar() or {})
        refusal = {"at": utc_now().isoformat(), "by": by, "checks": checks}
        manifest["refusals"] = [*manifest.get("refusals", []), refusal]
        connection.execute(update(run).where(run.c.run_no == run_no).values(manifest=manifest))


def require_training(connection: Connection, run_no: int) -> None:
    """Lock a run's row (not its key: other tables may still point at it) and see that it is in training.

    Raises: Temporary: it is not. Its process was taken for dead (its connection broke), or it has
        ended.

    """
    status = select(run.c.status).where(run.c.run_no == run_no).with_for_update(key_share=True)
    found = connection.execute(status).scalar()
    if found != "training":
        raise Temporary(
            f"run number {run_no} is {found or 'not there'}, not in training: start a new run"
        )


def runs(engine: Engine, placement: str, limit: int = 20, failed: bool = True) -> list[RunRow]:
    """Give the newest runs of a placement, newest first; without those that failed when not `failed`."""
    newest = (
        select(run).where(run.c.placement == placement).order_by(run.c.run_no.desc()).limit(limit)
    )
    if not failed:
        newest = newest.where(run.c.status != "failed")
    with engine.connect() as connection:
        return [as_run(row) for row in connection.execute(newest).mappings()]


def find_run(engine: Engine, placement: str, name: str) -> RunRow:
    """Find a run of a placement by its run_id, or by the slot (`live`, `challenger`) that points at it.

    Raises:
        UnknownName: no such run, with the nearest name and those that exist.
        ConfigError: the slot is empty.

    """
    wanted = select(run).where(run.c.placement == placement)
    if name in SLOTS:
        at_slot = (
            (slot.c.run_no == run.c.run_no)
            & (slot.c.placement == placement)
            & (slot.c.name == name)
        )
        wanted = wanted.join(slot, at_slot)
    else:
        wanted = wanted.where(run.c.run_id == name)
    with engine.connect() as connection:
        row = connection.execute(wanted).mappings().one_or_none()
    if row is not None:
        return as_run(row)
    known = [row.run_id for row in runs(engine, placement)]
    if name in SLOTS or not known:
        newest = (
            f"Its newest runs: {', '.join(known)}."
            if known
            else "It has no runs yet: `fusion run` makes one."
        )
        raise ConfigError(f"placement {placement!r} has no run {name!r}. {newest}")
    raise UnknownName(f"run of placement {placement!r}", name, [*known, *SLOTS])


def as_run(row: RowMapping) -> RunRow:
    """Give a row of `run` as an object."""
    return RunRow(**{column.name: row[column] for column in run.c})
