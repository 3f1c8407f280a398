"""The names that other teams' services and analysts rely on."""

import re
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, inspect

from storage.schema.metadata import metadata
from storage.schema.tables import HEAD
from storage.schema.upgrade import alembic_config
from storage.schema.views import view_metadata
from tests.storage.making import make_run

GOLDEN = Path(__file__).parent / "golden"
PARTITION = re.compile(r"recommendation_r\d+")


def described(engine) -> str:
    """Every table and view with its columns, types and constraints, as the database tells them."""
    seen, lines = inspect(engine), []
    for name in sorted(seen.get_table_names()):
        if name == "alembic_version" or PARTITION.fullmatch(name):
            continue
        lines += [f"table {name}", *columns(seen, name)]
        key = seen.get_pk_constraint(name)
        lines.append(f"  key {key['name']} {key['constrained_columns']}")
        for row in seen.get_unique_constraints(name):
            lines.append(f"  unique {row['name']} {row['column_names']}")
        lines += [f"  check {row['name']}" for row in seen.get_check_constraints(name)]
        for row in sorted(seen.get_foreign_keys(name), key=lambda row: row["name"]):
            lines.append(
                f"  foreign {row['name']} {row['constrained_columns']} {row['referred_table']}"
            )
        for row in sorted(seen.get_indexes(name), key=lambda row: row["name"]):
            lines.append(f"  index {row['name']} {row['column_names']}")
    for name in sorted(seen.get_view_names()):
        lines += [f"view {name}", *columns(seen, name)]
    return "\n".join(lines) + "\n"


def columns(seen, name: str) -> list[str]:
    rows = seen.get_columns(name)
    return [
        f"  {row['name']} {row['type']!r}{'' if row['nullable'] else ' not null'}" for row in rows
    ]


def test_names_and_types_are_those_promised(engine):
    """A change breaks others' queries: a migration and a line in the changelog come first."""
    make_run(engine, "a")
    assert described(engine) == (GOLDEN / f"{engine.dialect.name}.txt").read_text()


def test_models_and_migrated_database_agree(engine):
    make_run(engine, "a")
    with engine.connect() as connection:
        options = {
            "compare_type": True,
            "include_name": lambda name, *_: not PARTITION.fullmatch(name or ""),
            "include_object": lambda item, *_: (
                item.info.get("dialect", engine.dialect.name) == engine.dialect.name
            ),
        }
        assert (
            compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []
        )


def test_models_and_migration_name_the_same_checks(engine):
    seen = inspect(engine)
    for table in metadata.sorted_tables:
        ours = {check.name for check in table.constraints if isinstance(check, CheckConstraint)}
        assert {row["name"] for row in seen.get_check_constraints(table.name)} == ours


def test_views_are_read_as_they_are(engine):
    seen = inspect(engine)
    assert set(seen.get_view_names()) == set(view_metadata.tables)
    for name, view in view_metadata.tables.items():
        assert [row["name"] for row in seen.get_columns(name)] == [column.name for column in view.c]


def test_head_is_the_newest_revision():
    assert ScriptDirectory.from_config(alembic_config()).get_heads() == [HEAD]


def test_every_constraint_has_a_name():
    for table in metadata.sorted_tables:
        assert all(constraint.name for constraint in table.constraints)
        assert all(index.name for index in table.indexes)
