"""A person's rows in the files and tables that the data comes from."""

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import polars as pl
from polars.exceptions import PolarsError

from flows.session import Session
from fusion.core.findings import Unusable
from fusion.ingest.cell_parsing import id_text
from fusion.ingest.formats.files import ROW, Table, open_table
from fusion.ingest.people.opt_out import opted_out_by_file, opted_out_by_table
from fusion.ingest.settings import DataSettings
from storage.reading.frames import read_sql

NUMBER = f"@{ROW}"
"""Column of row numbers while rows are looked for."""


@dataclass
class DataRows:
    """What the data says of a person.

    Attributes:
        interactions: rows as column: value, every column of the file, with `row` from 1.
        users: rows of the users table, likewise.
        opted_out: the file or the column of who opted out names them.
        unread: sentences about what could not be read.
    """

    interactions: list[dict[str, Any]] = field(default_factory=list)
    users: list[dict[str, Any]] = field(default_factory=list)
    opted_out: bool = False
    unread: list[str] = field(default_factory=list)


def rows_in_data(session: Session, user: str) -> DataRows:
    """Read a person's rows, with every column that the files have.

    Args:
        session: whose `[data]` says where to read.
        user: plain id.

    Returns:
        The rows, and what could not be read.

    Raises:
        Temporary: a database is busy or away.
    """
    settings = session.config.data
    rows = DataRows()
    for subject in ("interactions", "users"):
        try:
            _read(session, subject, user, rows)
        except (Unusable, PolarsError, OSError) as wrong:
            rows.unread.append(f"{subject}: {wrong}")
    try:
        rows.opted_out |= user in opted_out_by_file(settings, session.base)
    except Unusable as wrong:
        rows.unread.append(str(wrong))
    return rows


def _read(session: Session, subject: str, user: str, rows: DataRows) -> None:
    """Add a table's rows of a person."""
    settings = session.config.data
    source = getattr(settings, subject)
    if source is None:
        return
    query = partial(read_sql, base=session.base)
    table = open_table(subject, source, session.base, query)
    getattr(rows, subject).extend(_rows_of(table, _id_column(settings, subject), user))
    if subject == "users":
        rows.opted_out |= user in opted_out_by_table(settings, table)


def _id_column(settings: DataSettings, subject: str) -> str:
    return settings.columns.user if subject == "interactions" else settings.user_id


def _rows_of(table: Table, column: str, user: str) -> list[dict[str, Any]]:
    """Return the rows whose id, read as a training reads it, is the user's."""
    ids = table.pick({"id": column})
    theirs = ids.filter((id_text(ids["id"]) == user).fill_null(False))[ROW]
    if theirs.is_empty():
        return []
    # A second look takes their rows alone: all columns of a large file may not fit into memory.
    whole = pl.concat([part.frame for part in table.parts], how="diagonal_relaxed")
    numbered = whole.with_row_index(NUMBER, offset=1)
    rows = numbered.filter(pl.col(NUMBER).is_in(theirs.implode())).collect(engine="streaming")
    # A file may have a column of that name itself, which stays as it is.
    return (rows if ROW in rows.columns else rows.rename({NUMBER: ROW})).to_dicts()
