"""Tables, views and columns of a database, compared with those that fusion makes."""

import re
from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import Engine, text

from fusion.errors import ConfigError
from storage.database.errors import DAMAGE_CURE, DamagedDatabase, NoDatabase
from storage.database.urls import masked
from storage.schema.metadata import metadata
from storage.schema.tables import HEAD
from storage.schema.views import view_metadata

REVISION_TABLE = "alembic_version"
_OF_RUNS = re.compile(r"recommendation_r\d+")
"""Tables that hold one run's lists on PostgreSQL, attached or not yet."""
# Columns of views are not asked for: SQLite refuses the statement where a view reads a table that
# is gone.
_SQLITE = """
SELECT m.name AS relation, m.type AS kind, c.name AS attribute
FROM sqlite_master m
LEFT JOIN pragma_table_info(m.name) c ON m.type = 'table'
WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite!_%' ESCAPE '!'
UNION ALL
SELECT name, type, NULL FROM sqlite_master WHERE type = 'view'
"""
_POSTGRES = """
SELECT c.relname AS relation,
    CASE c.relkind WHEN 'v' THEN 'view' ELSE 'table' END AS kind, a.attname AS attribute
FROM pg_class c
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = to_regnamespace(quote_ident(current_schema()))
    AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition
"""


@dataclass(frozen=True)
class Relations:
    """Tables and views of a database, or of the schema of it that a connection sees.

    Attributes:
        tables: columns by the name of their table.
        views: names.
    """

    tables: dict[str, frozenset[str]]
    views: frozenset[str]

    @property
    def names(self) -> set[str]:
        """Names of tables and views together."""
        return {*self.tables, *self.views}

    @property
    def ours(self) -> list[str]:
        """Names that tables and views of fusion have, too; in order."""
        return sorted(self.names & {*metadata.tables, *view_metadata.tables})

    @property
    def foreign(self) -> list[str]:
        """Names that no table or view of fusion has, in order."""
        known = {*metadata.tables, *view_metadata.tables, REVISION_TABLE}
        return sorted(name for name in self.names - known if not _OF_RUNS.fullmatch(name))

    @property
    def missing(self) -> list[str]:
        """Tables, columns and views of fusion that are not there: `table run`, `column run.kind`.

        They are those of the newest revision: an older database lacks some and is whole.
        """
        missing = []
        for table in metadata.sorted_tables:
            if table.name not in self.tables:
                missing.append(f"table {table.name}")
                continue
            columns = {column.name for column in table.c} - self.tables[table.name]
            missing += [f"column {table.name}.{name}" for name in sorted(columns)]
        missing += [f"view {name}" for name in view_metadata.tables if name not in self.views]
        return missing


def read_relations(engine: Engine) -> Relations:
    """Read which tables and views there are, with the columns of tables.

    Args:
        engine: of our own database, whole or not.
    """
    statement = text(_SQLITE if engine.dialect.name == "sqlite" else _POSTGRES)
    tables: dict[str, set[str]] = defaultdict(set)
    views = set()
    with engine.connect() as connection:
        for relation, kind, attribute in connection.execute(statement):
            if kind == "view":
                views.add(relation)
            else:
                tables[relation].add(attribute)
    return Relations(
        {name: frozenset(columns) for name, columns in tables.items()}, frozenset(views)
    )


def require_whole(engine: Engine, current: str | None) -> None:
    """Refuse a database without tables of fusion, and one that lost some of what it had.

    Args:
        engine: of our own database.
        current: its revision; tables of another than the newest are not looked at.

    Raises:
        NoDatabase: it holds nothing of fusion.
        DamagedDatabase: a table, a column, a view or the revision is gone, or stands in for one
            that belongs to somebody else.
    """
    if current not in (None, HEAD):
        return
    relations = read_relations(engine)
    shown = masked(engine.url)
    if current is None and relations.ours:
        raise DamagedDatabase(
            f"database {shown} holds {', '.join(relations.ours)}, and no revision in "
            f"{REVISION_TABLE}: these tables are not fusion's, or lost it. {DAMAGE_CURE}"
        )
    if current is None:
        raise NoDatabase(
            f"database {shown} holds no tables of fusion yet: `fusion run` makes them."
        )
    if relations.missing:
        raise DamagedDatabase(
            f"database {shown} lacks {', '.join(relations.missing)}. {DAMAGE_CURE}"
        )


def require_own_revision(engine: Engine, current: str) -> None:
    """Refuse a database whose revision is that of another program that uses Alembic.

    Args:
        engine: of a database at a revision that fusion does not know.
        current: the revision.

    Raises:
        ConfigError: no table or view has a name of fusion's.
    """
    if not read_relations(engine).ours:
        raise ConfigError(
            f"database {masked(engine.url)} is at revision {current!r} of another program, and "
            "holds no tables of fusion. Name an empty database in [storage] url, or a schema of "
            "its own in [storage] schema."
        )
