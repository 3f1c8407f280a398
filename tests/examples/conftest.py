"""The two databases that the tests of storage use."""

from tests.storage.conftest import engine, url

__all__ = ["engine", "url"]
