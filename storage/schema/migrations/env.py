"""Run migrations over the connection of `storage.schema.upgrade.alembic_config`."""

import re
from typing import Any

from alembic import context

from storage.schema.metadata import metadata

_PARTITION = re.compile(r"recommendation_r\d+")


def is_ours(name: str | None, kind: str, parents: object) -> bool:
    """Leave out the partitions of runs, which come and go without a migration.

    Args:
        name: of a table, column or constraint.
        kind: such as `table`.
        parents: what it belongs to; not looked at.

    Returns:
        Whether Alembic compares it with our tables.
    """
    return not (kind == "table" and name is not None and _PARTITION.fullmatch(name))


def is_of_dialect(item: Any, *_: object) -> bool:
    """Leave out what `info` keeps for another database.

    Args:
        item: a table, column, index or constraint.

    Returns:
        Whether Alembic compares it with the database at hand.
    """
    here = context.config.attributes["connection"].dialect.name
    return bool(item.info.get("dialect", here) == here)


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    include_name=is_ours,
    include_object=is_of_dialect,
    compare_type=True,
)
context.run_migrations()
