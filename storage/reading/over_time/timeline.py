"""What happened in a placement, newest first, by pages."""

from collections.abc import Callable, Collection
from datetime import datetime

from sqlalchemy import Connection, Engine

from storage.reading.over_time import timeline_blocks, timeline_rows
from storage.reading.over_time.timeline_rows import Asked, Happening

READERS: dict[str, Callable[[Connection, Asked], list[Happening]]] = {
    "training": timeline_rows.trainings,
    "publish": timeline_rows.publishes,
    "approval": timeline_rows.approvals,
    "rollback": timeline_rows.rollbacks,
    "block": timeline_blocks.blocks,
    "refusal": timeline_rows.refusals,
    "decision": timeline_rows.decisions,
    "watch": timeline_rows.watches,
    "alert": timeline_rows.alerts,
}
"""Readers of the newest rows before a moment, by the kind that they read."""


def timeline(
    engine: Engine,
    placement: str,
    kinds: Collection[str],
    before: datetime | None,
    limit: int,
) -> tuple[list[Happening], datetime | None]:
    """Return the newest happenings of a placement before a moment.

    Args:
        engine: from `connect`.
        placement: where the lists are shown.
        kinds: keys of `READERS`.
        before: aware time; None for the newest of all.
        limit: how many at most; more only where several have the time of the last one.

    Returns:
        Happenings, newest first, and the moment before which the next ones are; None where there
        are no more.
    """
    asked = Asked(placement, before, limit + 1)
    happened: list[Happening] = []
    with engine.connect() as connection:
        for kind in kinds:
            happened += READERS[kind](connection, asked)
    happened.sort(key=lambda one: one.at, reverse=True)
    if len(happened) <= limit:
        return happened, None
    # A page ends between two moments: whoever asks for what was before loses nothing.
    last = happened[limit - 1].at
    shown = [one for one in happened if one.at >= last]
    return shown, (last if len(happened) > len(shown) else None)
