"""Blocks of items in the timeline: rows of `blocked_item`, of which `until` tells the end."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from fusion.core.clocks import utc_now
from storage.reading.over_time.timeline_rows import Asked, Happening
from storage.reading.served_lists import MILLISECONDS
from storage.slots.blocks import ended_by

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Newest first: where both have one time, the block came before its end.
_MOMENTS = {"end": "until", "block": "starts_at"}


def blocks(connection: Connection, asked: Asked) -> list[Happening]:
    """Return blocks of items for everyone, as they began and as they ended.

    Rows without `starts_at`, which somebody wrote by hand, say nowhere when they began: their end
    alone is told. Blocks for one user are their own affair, and stand on their page.

    Args:
        connection: to our database.
        asked: which; its limit counts for begins and for ends.
    """
    # What is planned has not happened; what ended in this very millisecond has.
    before = _milliseconds(asked.before) if asked.before else _milliseconds(utc_now()) + 1
    happened = []
    for what, column in _MOMENTS.items():
        # People write these times by hand, each as the database can read it.
        at = MILLISECONDS[connection.dialect.name].format(column)
        statement = text(
            f'SELECT id, item_id, reason, "by", {at} AS at FROM blocked_item '
            f"WHERE placement = :placement AND user_id IS NULL AND {at} < :before "
            "ORDER BY at DESC, id DESC LIMIT :limit"
        )
        values = {"placement": asked.placement, "before": before, "limit": asked.limit}
        rows = connection.execute(statement, values).mappings()
        happened += [_happening(what, dict(row)) for row in rows]
    return happened


def _happening(what: str, row: Mapping[str, Any]) -> Happening:
    """Tell one side of a row: who blocked, or who ended it where somebody did."""
    ended = ended_by(row["reason"] or "")
    is_end = what == "end"
    if ended is None:
        # A block that ran out was ended by nobody.
        by, why = (None, None) if is_end else (row["by"], row["reason"])
    else:
        by, why = (ended.by, ended.why) if is_end else (row["by"], ended.before)
    at = EPOCH + timedelta(milliseconds=row["at"])
    return Happening(at, "block", what, by, why or None, item=row["item_id"])


def _milliseconds(moment: datetime) -> int:
    return round((moment - EPOCH) / timedelta(milliseconds=1))
