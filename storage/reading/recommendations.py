"""Recommendations of one user: their list, else the fallback of their segment, else that of all."""

from dataclasses import dataclass
from typing import Literal

import polars as pl
from sqlalchemy import Connection, Engine, select, text

from storage.reading.row_frames import DType, as_frame
from storage.schema.tables import served_user, slot
from storage.schema.views import current_fallback, current_recommendations

ServedBy = Literal["list", "segment", "all"]
"""Where recommendations come from, in the words of the statement in docs/sql.md."""

EVERYONE = "all"
"""The segment whose fallback every run has."""

_UTC = pl.Datetime("us", "UTC")
LIST_COLUMNS: dict[str, DType] = {
    "user_id": pl.String,
    "item_id": pl.String,
    "rank": pl.Int32,
    "score": pl.Float32,
    "run_id": pl.String,
    "published_at": _UTC,
    "as_of": _UTC,
    "route": pl.String,
    "placement": pl.String,
}
"""Columns and dtypes of `current_recommendations`."""
FALLBACK_COLUMNS: dict[str, DType] = {
    "segment": pl.String,
    "item_id": pl.String,
    "rank": pl.Int32,
    "score": pl.Float32,
    "run_id": pl.String,
    "placement": pl.String,
}
"""Columns and dtypes of `current_fallback`."""


@dataclass(frozen=True)
class Recommendations:
    """The items that a user is shown now, and where they come from.

    Attributes:
        served_by: `list`: the user's own list; `segment`: the fallback of their segment; `all`:
            the fallback of everyone; None where the placement shows nothing.
        segment: the segment of the fallback; None for a list of their own.
        rows: by rank, 1 is best: the columns of `current_recommendations` for a list, those of
            `current_fallback` else. Both have item_id, rank, score, run_id and placement.
    """

    served_by: ServedBy | None
    segment: str | None
    rows: pl.DataFrame


def recommendations_for(
    engine: Engine, placement: str, user: str, segment: str | None = None
) -> Recommendations:
    """Return the items that a user is shown now, by rank.

    It is their list in the live run; else the fallback of their segment; else that of `all`, which
    every run has. What is blocked is gone from each, and ranks have no holes. The statement in
    docs/sql.md does the same for services that are not written in Python.

    The segment is the one that the live run knows of the user; `segment` stands in for a user whom
    the run does not know. Looking it up reads the tables `slot` and `served_user`. A role without
    the right to read them, such as `lists_reader`, is served by `segment` alone.

    Args:
        engine: from `open_reader` or `connect`.
        placement: where the list is shown.
        user: outside id.
        segment: what the caller knows of the user, such as `gender=F`; None for nothing.

    Returns:
        The rows and where they come from, all of one moment. No rows where nothing is live, or
        where everything is blocked.

    Raises:
        ConfigError: the engine's user may not read the views.
        Temporary: the database is away or busy.
    """
    # In one snapshot, so that all questions are about the same live run.
    snapshot = {"isolation_level": "REPEATABLE READ"} if _is_postgres(engine) else {}
    with engine.connect().execution_options(**snapshot) as connection:
        rows = _own_list(connection, placement, user)
        if len(rows):
            return Recommendations("list", None, rows)
        # What the run knows of the user counts before what the caller says.
        known = _known_segment(connection, placement, user)
        wanted = segment if known is None else known
        return _fallback(connection, placement, wanted or EVERYONE)


def fallback_for(engine: Engine, placement: str, segment: str | None) -> Recommendations:
    """Return the fallback that serves a segment now, by rank.

    Args:
        engine: from `connect`.
        placement: where the list is shown.
        segment: of users; None for everyone.

    Returns:
        The rows, of the segment or else of `all`; none where nothing is live.
    """
    with engine.connect() as connection:
        return _fallback(connection, placement, segment or EVERYONE)


def _own_list(connection: Connection, placement: str, user: str) -> pl.DataFrame:
    """Return a user's own live list, by rank; no rows where they have none."""
    view = current_recommendations
    own = (view.c.placement == placement) & (view.c.user_id == user)
    statement = select(view).where(own).order_by(view.c.rank)
    return as_frame(connection.execute(statement).mappings(), LIST_COLUMNS)


def _fallback(connection: Connection, placement: str, segment: str) -> Recommendations:
    """Return the fallback of a segment, else that of everyone."""
    if segment != EVERYONE:
        rows = _segment_list(connection, placement, segment)
        if len(rows):
            return Recommendations("segment", segment, rows)
    rows = _segment_list(connection, placement, EVERYONE)
    if len(rows):
        return Recommendations("all", EVERYONE, rows)
    return Recommendations(None, None, rows)


def _segment_list(connection: Connection, placement: str, segment: str) -> pl.DataFrame:
    """Return the live fallback of a segment, by rank; no rows where it has none."""
    view = current_fallback
    of_segment = (view.c.placement == placement) & (view.c.segment == segment)
    statement = select(view).where(of_segment).order_by(view.c.rank)
    return as_frame(connection.execute(statement).mappings(), FALLBACK_COLUMNS)


def _known_segment(connection: Connection, placement: str, user: str) -> str | None:
    """Return the segment by which the live run serves a user; None where it may not be read."""
    if not _may_read_segments(connection):
        return None
    live = (slot.c.placement == placement) & (slot.c.name == "live")
    statement = (
        select(served_user.c.segment)
        .join(slot, slot.c.run_no == served_user.c.run_no)
        .where(live, served_user.c.user_id == user)
    )
    segment: str | None = connection.scalar(statement)
    return segment


def _may_read_segments(connection: Connection) -> bool:
    """Tell whether the user of the connection may read the tables that hold users' segments."""
    if not _is_postgres(connection):
        return True
    # Asked beforehand, since a refused statement would end the transaction.
    rights = text(
        "SELECT has_table_privilege('slot', 'SELECT') AND "
        "has_table_privilege('served_user', 'SELECT')"
    )
    return bool(connection.scalar(rights))


def _is_postgres(place: Engine | Connection) -> bool:
    return place.dialect.name == "postgresql"
