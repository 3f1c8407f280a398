"""A person's rows in the files and tables that the data comes from."""

from dataclasses import dataclass, field
from typing import Any, Literal

from polars.exceptions import PolarsError

from flows.session import Session
from fusion.core.findings import Unusable
from fusion.ingest.cell_parsing import id_text
from fusion.ingest.column_settings import column_name
from fusion.ingest.formats.files import ROW, Table, open_table
from fusion.ingest.people.opt_out import opted_out_by_file, opted_out_by_table
from fusion.ingest.side_information.settings import VectorSettings
from fusion.ingest.side_information.vectors import open_matrix

PersonTable = Literal["interactions", "users", "queries"]
"""Tables of the data whose rows are of people."""


@dataclass
class DataRows:
    """The rows of the data about a person.

    Attributes:
        interactions: rows as column: value, every column of the file, with `row` from 1.
        users: rows of the users table, likewise.
        queries: what they wrote, likewise.
        vectors: rows of the vectors of users, likewise; `name` says which vectors, and of a matrix
            `vector` is the row of it.
        opted_out: the file or the column of who opted out names them.
        unread: sentences about what could not be read.
    """

    interactions: list[dict[str, Any]] = field(default_factory=list)
    users: list[dict[str, Any]] = field(default_factory=list)
    queries: list[dict[str, Any]] = field(default_factory=list)
    vectors: list[dict[str, Any]] = field(default_factory=list)
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
    subjects: tuple[PersonTable, ...] = ("interactions", "users", "queries")
    for subject in subjects:
        try:
            _read(session, subject, user, rows)
        except (Unusable, PolarsError, OSError) as wrong:
            rows.unread.append(f"{subject}: {wrong}")
    for entry in settings.vectors:
        try:
            rows.vectors += _of_vectors(session, entry, user)
        except (Unusable, PolarsError, OSError) as wrong:
            rows.unread.append(f"vectors {entry.called}: {wrong}")
    try:
        rows.opted_out |= user in opted_out_by_file(settings, session.base)
    except Unusable as wrong:
        rows.unread.append(str(wrong))
    return rows


def _of_vectors(session: Session, entry: VectorSettings, user: str) -> list[dict[str, Any]]:
    """Return a person's rows of the vectors of users."""
    if entry.of == "items":
        return []
    subject = f"vectors {entry.called}"
    if entry.is_matrix:
        matrix, ids = open_matrix(entry, session.base)
        places = (ids == user).fill_null(False).arg_true().to_list()
        found = [{ROW: place + 1, "vector": matrix[place].tolist()} for place in places]
    else:
        column = entry.id or column_name(session.config.data.columns.user)
        table = open_table(subject, entry.path, session.base, None)
        found = _rows_of(table, column, user)
    return [{"name": entry.called, **row} for row in found]


def _read(session: Session, subject: PersonTable, user: str, rows: DataRows) -> None:
    """Add a table's rows of a person."""
    settings = session.config.data
    source = getattr(settings, subject)
    column = settings.person_column(subject)
    if source is None or column is None:
        return
    has_names = subject == "queries" or not settings.is_by_position(subject)
    table = open_table(subject, source, session.base, session.read_sql, has_names)
    getattr(rows, subject).extend(_rows_of(table, column, user))
    if subject == "users":
        rows.opted_out |= user in opted_out_by_table(settings, table)


def _rows_of(table: Table, column: str, user: str) -> list[dict[str, Any]]:
    """Return the rows whose id, read as a training reads it, is the user's."""
    ids = table.pick({"id": column})
    theirs = ids.filter((id_text(ids["id"]) == user).fill_null(False))[ROW]
    if theirs.is_empty():
        return []
    # A second look takes their rows alone: all columns of a large file may not fit into memory.
    rows = table.rows(theirs)
    # A file may have a column of that name itself, which stays as it is.
    return (rows if ROW in rows.columns else rows.insert_column(0, theirs)).to_dicts()
