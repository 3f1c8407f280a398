"""What PostgreSQL says, in our own error tree: by SQLSTATE, and by words where a connection never came to be."""

import re

import psycopg
from sqlalchemy import URL

from fusion.errors import ConfigError, FusionError, Temporary
from storage.database.urls import masked

_TEMPORARY_STATES = re.compile("08|53|57P|57014|55P03|40001|40P01|55006")
_CONFIG_STATES = re.compile("28|3D|42501|42939|25006")
_CONFIG_WORDS = re.compile(
    "does not exist|authentication failed|no password supplied|pg_hba|SSL|invalid .*option"
)


def of_postgres(error: BaseException, url: URL, lost: bool) -> FusionError | None:
    """Give our error for what psycopg raised, or None when it is not about the state of the database."""
    if not isinstance(error, psycopg.Error):
        return None
    state, text = error.sqlstate or "", _without_password(str(error), url)
    connecting = isinstance(error, psycopg.OperationalError) and not state
    if _CONFIG_STATES.match(state) or (connecting and not lost and _CONFIG_WORDS.search(text)):
        return ConfigError(
            f"database {masked(url)}: {text}. Check [storage] url and the rights of its user."
        )
    if _TEMPORARY_STATES.match(state) or connecting or lost:
        return Temporary(f"database {masked(url)}: {text}. Try again later.")
    return None


def _without_password(text: str, url: URL) -> str:
    text = " ".join(text.split()).rstrip(".")
    return text.replace(str(url.password), "***") if url.password else text
