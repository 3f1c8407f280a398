"""Runs and lists in SQL: tables, bulk load, publish, read. SQLite and PostgreSQL.

Public: `StorageSettings`, `connect`, and the modules `runs`, `sweep`, `bulk`, `publish`,
    `challenger`, `read`, `records`, `shape`, `blocks`, `retention`, `forget`, `forgotten`,
    `frames`. Only `import storage.reading.frames` reads databases that are not ours. Nothing here
    knows how lists are made.
"""

from storage.connect import connect
from storage.database.settings import StorageSettings

__all__ = ["StorageSettings", "connect"]
