"""The last events of a user, as they were stored when a run went live."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, select

from storage.reading.people.one_user import HOLDING
from storage.schema.tables import run, user_history

MOST_RUNS = 50
"""Runs of a placement that are looked at: one holds histories, mostly the newest."""


@dataclass(frozen=True)
class Event:
    """An event of a user.

    Attributes:
        item_id: outside id.
        at: when; None where the data has no times.
        weight: such as a rating; None where the data has none.
    """

    item_id: str
    at: datetime | None
    weight: float | None


@dataclass(frozen=True)
class StoredHistory:
    """The last events of a user.

    Attributes:
        run_id: the run that knew them.
        as_of: up to when it knew data.
        events: the newest first.
    """

    run_id: str
    as_of: datetime | None
    events: tuple[Event, ...]


def history_of(engine: Engine, placement: str, user: str) -> StoredHistory | None:
    """Return the stored events of a user.

    Args:
        engine: from `connect`.
        placement: where lists are shown.
        user: outside id.

    Returns:
        The events; None where none are stored of this user.
    """
    holding = (run.c.placement == placement) & run.c.status.in_(HOLDING)
    newest = select(run.c.run_no).where(holding).order_by(run.c.run_no.desc()).limit(MOST_RUNS)
    with engine.connect() as connection:
        numbers = list(connection.execute(newest).scalars())
        # By numbers, so that each is a step into the index.
        theirs = user_history.c.run_no.in_(numbers) & (user_history.c.user_id == user)
        columns = (user_history.c.events, run.c.run_id, run.c.as_of)
        same_run = run.c.run_no == user_history.c.run_no
        row = connection.execute(select(*columns).join(run, same_run).where(theirs)).first()
    if row is None:
        return None
    return StoredHistory(
        row.run_id, row.as_of, tuple(_event(*cells) for cells in row.events["rows"])
    )


def _event(item: str, milliseconds: int | None, weight: Any) -> Event:
    at = None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)
    return Event(item, at, weight)
