"""Runs and lists in SQL, on SQLite and PostgreSQL: load, publish, read, prune.

A service that shows lists needs two functions:

    from storage import open_reader, recommendations_for

    engine = open_reader("postgresql://lists_reader:...@db/shop")
    shown = recommendations_for(engine, "default", "42", segment="gender=F")
    print(shown.served_by, shown.rows["item_id"].to_list())

Programs that train and publish open the database as its owner, and call the functions of the rooms:

    from storage import StorageSettings, connect
    from storage.slots.publish import publish

    engine = connect(StorageSettings(url="sqlite:///fusion.db"), migrate=True)
    publish(engine, "default", run_no, by="ann", reason="looks good")

`storage.runs` begins and ends runs, `storage.loading` loads their rows, `storage.slots` moves what
is shown, `storage.reading` reads. Nothing here knows how lists are made.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from storage.connect import connect, open_reader
from storage.database.settings import StorageSettings

if TYPE_CHECKING:
    from storage.reading.recommendations import Recommendations, recommendations_for

_LAZY = {
    "Recommendations": "storage.reading.recommendations",
    "recommendations_for": "storage.reading.recommendations",
}
"""Public names that are imported when they are first asked for, and their modules."""
__all__ = ["Recommendations", "StorageSettings", "connect", "open_reader", "recommendations_for"]


def __getattr__(name: str) -> Any:
    """Import the reader of lists when it is first asked for.

    It needs polars, which the light verbs of the command line have no use for.

    Args:
        name: a public name that is not imported yet.

    Returns:
        The class or function of that name.

    Raises:
        AttributeError: there is no such public name.
    """
    if name not in _LAZY:
        raise AttributeError(f"module 'storage' has no attribute {name!r}")
    return getattr(import_module(_LAZY[name]), name)
