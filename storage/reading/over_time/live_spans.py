"""Which run was live when."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select

from storage.schema.tables import run, slot_move


@dataclass(frozen=True)
class LiveMove:
    """A move of the live slot to a run.

    Attributes:
        at: when.
        run_id: the run that it shows since; None where it was emptied.
        trained_at: the training of that run began.
    """

    at: datetime
    run_id: str | None
    trained_at: datetime | None


def live_moves(engine: Engine, placement: str, limit: int) -> list[LiveMove]:
    """Return the newest moves of the live slot.

    Args:
        engine: from `connect`.
        placement: where the lists are shown.
        limit: how many at most.

    Returns:
        The oldest first.
    """
    columns = (slot_move.c.at, run.c.run_id, run.c.created_at)
    joined = select(*columns).outerjoin(run, run.c.run_no == slot_move.c.to_run_no)
    of_slot = joined.where(slot_move.c.placement == placement, slot_move.c.name == "live")
    newest = of_slot.order_by(slot_move.c.id.desc()).limit(limit)
    with engine.connect() as connection:
        moves = [LiveMove(*row) for row in connection.execute(newest)]
    return moves[::-1]
