"""Find what SQL holds of a person: their rows in every table, and texts that name them."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import JSON, Column, ColumnElement, Engine, MetaData, Table, select

from storage.runs.erasure import amendable
from storage.runs.partitions import cut_off_removals, partition_name
from storage.schema.metadata import metadata
from storage.schema.tables import recommendation, run

USER = "user_id"
"""Name of every column that says whose a row is; a test holds new tables to it."""


@dataclass(frozen=True)
class NamingText:
    """A sentence or JSON document of SQL that names a person.

    Attributes:
        table: where it stands.
        key: primary key of the row.
        column: where in the row.
        content: the sentence or document.
    """

    table: str
    key: dict[str, Any]
    column: str
    content: Any


def tables_of_users() -> list[Table]:
    """Return every table with a column of users."""
    return [table for table in metadata.sorted_tables if USER in table.c]


def rows_of_people(engine: Engine, ids: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of people in every table with a column of users, in every placement.

    Args:
        engine: from `connect`.
        ids: as SQL may have them.

    Returns:
        Rows as column: value by table; lists that a cut-off removal left beside the tables are
        among those of `recommendation`.
    """
    rows: dict[str, list[dict[str, Any]]] = {}
    with engine.connect() as connection:
        numbers = connection.execute(select(run.c.run_no)).scalars().all()
        for table in tables_of_users():
            theirs: ColumnElement[bool] = table.c[USER].in_(ids)
            if "run_no" in table.c:
                # Keys begin with the run: named, each is found by its key.
                theirs = table.c.run_no.in_(numbers) & theirs
            found = connection.execute(select(table).where(theirs)).mappings()
            rows[table.name] = [dict(row) for row in found]
        for run_no in cut_off_removals(connection):
            detached = recommendation.to_metadata(MetaData(), name=partition_name(run_no))
            theirs = detached.c[USER].in_(ids)
            found = connection.execute(select(detached).where(theirs)).mappings()
            rows[recommendation.name] += [dict(row) for row in found]
    return rows


def texts_about(
    engine: Engine, of_text: Callable[[str], str], of_json: Callable[[Any], Any]
) -> list[NamingText]:
    """Return the sentences and documents from which functions would take a person out.

    Args:
        engine: from `connect`.
        of_text: returns a sentence without the ids.
        of_json: returns a document without the ids.

    Returns:
        What names them; by the same measure as forgetting takes it out.
    """
    naming = []
    for column in amendable():
        without = of_json if isinstance(column.type, JSON) else of_text
        naming += _naming(engine, column, without)
    return naming


def _naming(engine: Engine, column: Column[Any], without: Callable[[Any], Any]) -> list[NamingText]:
    key = list(column.table.primary_key)
    statement = select(*key, column.label("content")).where(column.is_not(None))
    naming = []
    with engine.connect() as connection:
        # One at a time: manifests of many runs together are large.
        for row in connection.execute(statement).mappings():
            if row["content"] is not None and without(row["content"]) != row["content"]:
                names = {part.name: row[part.name] for part in key}
                naming.append(NamingText(column.table.name, names, column.name, row["content"]))
    return naming
