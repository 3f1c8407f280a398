"""The two databases that the tests of storage use."""

from tests.storage.conftest import engine, migrated, postgres_migrated, url

__all__ = ["engine", "migrated", "postgres_migrated", "url"]
