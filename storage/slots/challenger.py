"""Approve or reject the run in the slot `challenger`, which waits there beside the live one.

`storage.slots.publish.publish(..., slot="challenger")` puts a run there.
"""

import logging
from typing import Any

from sqlalchemy import Connection, Engine, Row

from fusion.errors import Refused
from storage.database.engine import writing
from storage.schema.row_objects import Move
from storage.schema.types import utc_now
from storage.slots.history import moves
from storage.slots.slot_moves import (
    ANY,
    MoveReason,
    lock_slot,
    move_slot,
    refuse_frozen,
    refuse_overtaken,
    refuse_unready,
)

HOW_TO_HOLD = (
    "`fusion run --hold` leaves one, and so does every run with `approve = true` in [gate]."
)
"""Advice where no run waits for approval."""

logger = logging.getLogger(__name__)


def approve(
    engine: Engine,
    placement: str,
    run_no: int,
    *,
    by: str,
    reason: str,
    instead_of: int | None = ANY,
) -> Move:
    """Make the challenger live and empty its slot, in one transaction.

    Args:
        engine: from `connect`.
        placement: where the lists are shown.
        run_no: the run that was judged, which must still be the challenger.
        by: who approves.
        reason: why, for the history.
        instead_of: the number of the run, or None for no run, that the live slot must still show.

    Returns:
        The last move of the live slot; a run that it shows already stays.

    Raises:
        Refused: live is frozen, or the run is not the challenger or not ready.
        Overtaken: the live slot shows another run than `instead_of`.
    """
    with writing(engine) as connection:
        # `live` first, as everybody locks the two, so that no two callers wait for each other.
        shown = lock_slot(connection, placement, "live", by)
        waiting = _lock_challenger(connection, placement, by)
        refuse_frozen(shown)
        if waiting.run_no != run_no:
            raise Refused(
                f"run number {run_no} is not the challenger of placement {placement!r} any more"
            )
        refuse_unready(connection, placement, run_no)
        why = MoveReason(utc_now(), by, reason)
        # The run may have been published meanwhile: then only the challenger's slot is emptied.
        if shown.run_no == run_no:
            move = moves(connection, placement)[-1]
        else:
            refuse_overtaken(shown, instead_of)
            move = move_slot(connection, shown, "approve", run_no, why)
        move_slot(connection, waiting, "approve", None, why)
    logger.info(
        "approved placement=%s from=%s to=%s by=%s", placement, move.from_run_id, move.to_run_id, by
    )
    return move


def reject(engine: Engine, placement: str, *, by: str, reason: str) -> Move:
    """Empty the challenger's slot; the run stays as it is.

    Args:
        engine: from `connect`.
        placement: where the lists are shown.
        by: who rejects.
        reason: why, for the history.

    Returns:
        The move.

    Raises:
        Refused: no run waits there.
    """
    with writing(engine) as connection:
        waiting = _lock_challenger(connection, placement, by)
        move = move_slot(connection, waiting, "reject", None, MoveReason(utc_now(), by, reason))
    logger.info("rejected placement=%s run=%s by=%s", placement, move.from_run_id, by)
    return move


def no_challenger(placement: str) -> Refused:
    """Return the error that says that the challenger's slot is empty.

    Args:
        placement: where the lists are shown.
    """
    return Refused(f"placement {placement!r} has no challenger. {HOW_TO_HOLD}")


def _lock_challenger(connection: Connection, placement: str, by: str) -> Row[Any]:
    """Lock the challenger's slot, and refuse an empty one."""
    waiting = lock_slot(connection, placement, "challenger", by)
    if waiting.run_no is None:
        raise no_challenger(placement)
    return waiting
