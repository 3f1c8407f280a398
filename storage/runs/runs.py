"""Begin, end and look up runs."""

import logging
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import Engine, RowMapping, insert, select, update
from sqlalchemy.exc import IntegrityError

from fusion.errors import ConfigError, DataError, Unavailable, UnknownName
from storage.database.engine import writing
from storage.runs.liveness import begin_life, end_life, require_training
from storage.runs.partitions import remove_lists
from storage.schema.row_objects import RunRow
from storage.schema.tables import run, slot
from storage.schema.types import utc_now
from storage.slots.challenger import HOW_TO_HOLD
from storage.slots.history import require_history

Ending = Literal["ready", "rejected", "failed"]
"""Statuses in which `finish_run` may leave a run."""
SLOTS = ("live", "challenger")
"""Names that stand for the run a slot shows, wherever a run_id may stand."""
HOW_TO_FILL = {
    "live": "`fusion publish RUN` shows one of them.",
    "challenger": f"None waits for approval: {HOW_TO_HOLD}",
}
"""Advice where a slot shows no run, though the placement has some."""
NO_RUNS = "It has no runs yet: `fusion run` makes one."

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
    created_at: datetime | None = None,
) -> int:
    """Begin a run in status `training`, alive until `finish_run` or until this process dies.

    Args:
        engine: from `connect`.
        run_id: outside name, new in the database.
        placement: where its lists will be shown.
        kind: of `storage.runs.past.kinds`; later also incremental ones, on `base_run_no`.
        as_of: aware time up to which data was known; None where the data has no times.
        data_hash: hash of the data it is made from.
        config_hash: hash of the configuration.
        base_run_no: the run that an incremental run stands on.
        created_at: aware time at which its training began; now when None.

    Returns:
        The run's number, under which lists and metrics are loaded.

    Raises:
        DataError: `run_id` is taken, or `base_run_no` is not there.
    """
    row = {
        "run_id": run_id,
        "placement": placement,
        "kind": kind,
        "as_of": as_of,
        "data_hash": data_hash,
        "config_hash": config_hash,
        "base_run_no": base_run_no,
        "created_at": created_at or utc_now(),
        "status": "training",
    }
    try:
        with writing(engine) as connection:
            added = insert(run).values(row).returning(run.c.run_no)
            run_no: int = connection.execute(added).scalar_one()
            begin_life(connection, run_no)
    except IntegrityError as error:
        reason = f"its name is taken, or run {base_run_no} is not there"
        raise DataError(f"run {run_id!r} cannot be begun: {reason}") from error
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

    Its sign of life ends too, also when this fails, unless the database is away: whoever tries
    again lives until then, and calls `end_life` when that comes to nothing.

    Args:
        engine: from `connect`.
        run_no: a run in training.
        status: `ready`, `rejected` or `failed`.
        method: `ranker`, `blend` or a source; None where none was chosen.
        list_size: how long its lists are shown; None where there are none.
        verdict: report of the verdict; NaN and infinities are stored as null.
        manifest: of the run folder; NaN and infinities are stored as null.

    Raises:
        Temporary: the run is not in training any more, since a sweep took it for dead.
        UnknownName: `status` is none of the three.
    """
    if status not in get_args(Ending):
        raise UnknownName("status of a finished run", status, get_args(Ending))
    values = {
        "status": status,
        "method": method,
        "list_size": list_size,
        "verdict": verdict,
        "manifest": manifest,
    }
    try:
        if status == "failed":
            _remove_failed(engine, run_no)
        with writing(engine) as connection:
            require_training(connection, run_no)
            this_run = run.c.run_no == run_no
            ended = update(run).where(this_run).values(finished_at=utc_now(), **values)
            connection.execute(ended)
    except Unavailable:
        raise
    except BaseException:
        end_life(engine, run_no)
        raise
    end_life(engine, run_no)
    logger.info("run ended run_no=%d status=%s method=%s", run_no, status, method)


def add_refusal(engine: Engine, run_no: int, by: str, checks: list[dict[str, Any]]) -> None:
    """Record in a run's manifest, under `refusals`, that it was not published now, and why.

    Args:
        engine: from `connect`.
        run_no: the run.
        by: who asked to publish it.
        checks: the checks that stopped it.
    """
    this_run = run.c.run_no == run_no
    refusal = {"at": utc_now().isoformat(), "by": by, "checks": checks}
    with writing(engine) as connection:
        locked = select(run.c.manifest).where(this_run).with_for_update(key_share=True)
        stored = connection.execute(locked).scalar()
        manifest = dict(stored or {})
        earlier = manifest.get("refusals", [])
        manifest["refusals"] = [*earlier, refusal]
        connection.execute(update(run).where(this_run).values(manifest=manifest))


def runs(engine: Engine, placement: str, limit: int = 20, failed: bool = True) -> list[RunRow]:
    """Return the newest runs of a placement, newest first.

    Args:
        engine: from `connect`.
        placement: where the lists are shown.
        limit: how many.
        failed: with those that failed.
    """
    newest = select(run).where(run.c.placement == placement)
    newest = newest.order_by(run.c.run_no.desc()).limit(limit)
    if not failed:
        newest = newest.where(run.c.status != "failed")
    with engine.connect() as connection:
        return [run_row(row) for row in connection.execute(newest).mappings()]


def find_run(engine: Engine, placement: str, name: str) -> RunRow:
    """Find a run of a placement by its run_id or by the slot that shows it.

    Args:
        engine: from `connect`.
        placement: where the lists are shown.
        name: a run_id, `live` or `challenger`.

    Returns:
        The run.

    Raises:
        UnknownName: no such run, with the nearest name and those that exist.
        ConfigError: the slot is empty, or the placement has no runs.
        DamagedDatabase: the slot lost its run.
    """
    wanted = select(run).where(run.c.placement == placement)
    if name in SLOTS:
        shows_it = slot.c.run_no == run.c.run_no
        at_slot = (slot.c.placement == placement) & (slot.c.name == name)
        wanted = wanted.join(slot, shows_it & at_slot)
    else:
        wanted = wanted.where(run.c.run_id == name)
    with engine.connect() as connection:
        row = connection.execute(wanted).mappings().one_or_none()
        if row is None and name in SLOTS:
            require_history(connection, placement, name)
    if row is not None:
        return run_row(row)
    # No such run: the error names what there is.
    known = [row.run_id for row in runs(engine, placement)]
    if name in SLOTS or not known:
        hint = f" {HOW_TO_FILL[name]}" if known and name in SLOTS else ""
        newest = f"Its newest runs: {', '.join(known)}." if known else NO_RUNS
        raise ConfigError(f"placement {placement!r} has no run {name!r}. {newest}{hint}")
    raise UnknownName(f"run of placement {placement!r}", name, [*known, *SLOTS])


def run_row(row: RowMapping) -> RunRow:
    """Return a row that holds the columns of `run`, and perhaps others, as an object.

    Args:
        row: from a statement that selects `run`.
    """
    values = {column.name: row[column] for column in run.c}
    return RunRow(**values)


def _remove_failed(engine: Engine, run_no: int) -> None:
    """Remove the lists of a run that failed, if it is in training still.

    They go before the run ends, not with it: a partition is detached in no transaction.
    """
    with writing(engine) as connection:
        require_training(connection, run_no)
    remove_lists(engine, run_no)
