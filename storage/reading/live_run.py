"""Read what a slot shows: its run, or for a probe that asks every minute its times alone.

No frame is made, so that what a person asks for in a hurry is answered at once.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select

from storage.runs.runs import run_row
from storage.schema.row_objects import LiveRun
from storage.schema.tables import run, slot
from storage.slots.history import require_history


@dataclass(frozen=True)
class LiveAge:
    """Times of the run that a slot shows, aware UTC.

    Attributes:
        run_id: of the run.
        as_of: up to when it knew data; None where the data has no times.
        trained_at: its training began.
        since: the slot was moved to it.
    """

    run_id: str
    as_of: datetime | None
    trained_at: datetime
    since: datetime


def live(engine: Engine, placement: str, name: str = "live") -> LiveRun | None:
    """Return the run that a slot shows, and how it came there.

    Args:
        engine: from `connect`.
        placement: where lists are shown.
        name: the slot, `live` or `challenger`.

    Returns:
        The run; None while the slot shows none.

    Raises:
        DamagedDatabase: the slot's run has no row, or the slot lost the run that its history ends
            at.
    """
    slot_columns = (slot.c.changed_at, slot.c.changed_by, slot.c.reason, slot.c.frozen_until)
    of_slot = (slot.c.placement == placement) & (slot.c.name == name)
    shows_run = slot.c.run_no == run.c.run_no
    shown = select(run, *slot_columns).join(slot, shows_run).where(of_slot)
    with engine.connect() as connection:
        row = connection.execute(shown).mappings().one_or_none()
        if row is None:
            require_history(connection, placement, name)
            return None
    return LiveRun(
        run=run_row(row),
        since=row[slot.c.changed_at],
        by=row[slot.c.changed_by],
        reason=row[slot.c.reason],
        frozen_until=row[slot.c.frozen_until],
    )


def live_age(engine: Engine, placement: str, name: str = "live") -> LiveAge | None:
    """Return how old the run is that a slot shows.

    No verdict and no manifest is read, which are long, so that the role of a probe needs no right
    to see them.

    Args:
        engine: from `connect`.
        placement: where lists are shown.
        name: the slot.

    Returns:
        Its times; None while the slot shows no run.
    """
    columns = (run.c.run_id, run.c.as_of, run.c.created_at, slot.c.changed_at)
    of_slot = (slot.c.placement == placement) & (slot.c.name == name)
    statement = select(*columns).join(slot, slot.c.run_no == run.c.run_no).where(of_slot)
    with engine.connect() as connection:
        row = connection.execute(statement).one_or_none()
    return None if row is None else LiveAge(*row)
