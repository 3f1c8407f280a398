"""Errors of PostgreSQL in our own error tree.

The server names an error by its SQLSTATE. Where a connection never came to be there is none, and
only the words of libpq tell a wrong password from a server that is away.
"""

import re

import psycopg
from sqlalchemy import URL

from fusion.errors import ConfigError, FusionError, Temporary, Unavailable
from storage.database.errors import DAMAGE_CURE, ROW_CURE, STORAGE_URL, DamagedDatabase
from storage.database.urls import masked

# Classes and codes of the server's documentation, "PostgreSQL Error Codes": connection lost (08),
# too many connections (53300), shutting down (57P), cancelled (57014), lock not available (55P03),
# serialization and deadlock (40001, 40P01), object in use (55006).
_UNAVAILABLE_STATES = re.compile("08|53300|57P|57014|55P03|40001|40P01|55006")
# No resources, such as a full disk (53): somebody has to make room.
_TEMPORARY_STATES = re.compile("53")
# Authorization refused (28), no such database (3D), no rights (42501), reserved name (42939),
# read-only transaction (25006).
_CONFIG_STATES = re.compile("28|3D|42501|42939|25006")
# No such column (42703), table or view (42P01), or schema (3F000); a page, row or index that cannot
# be read (XX001, XX002), a file of the server's that is gone (58P01).
_DAMAGED_STATES = re.compile("42703|42P01|3F000|XX001|XX002|58P01")
_CONFIG_WORDS = re.compile(
    "does not exist|authentication failed|no password supplied|pg_hba|SSL|invalid .*option"
    # Words of pgbouncer.
    "|unsupported startup parameter|no such (database|user)"
)
_POOLS_STATEMENTS = "statement pooling mode"
"""Words of pgbouncer where it allows no transactions."""
_POOLER_CURE = "Set pool_mode = transaction in the pooler, or name the server itself as the url."

_UNKNOWN_PARAMETER = "invalid connection option"


def translate_postgres(
    error: BaseException, url: URL, lost: bool, setting: str
) -> FusionError | None:
    """Translate an error of psycopg into ours.

    Args:
        error: as psycopg raised it.
        url: the database, shown masked; its password is taken out of the error's text.
        lost: the connection is known to be gone.
        setting: where people name the database, for the cure.

    Returns:
        Our error; None when `error` is not about the state of the database.
    """
    if not isinstance(error, psycopg.Error):
        return None
    state = error.sqlstate or ""
    # A password may be a word of the message, or the blanks between them.
    words, text = str(error), _without_password(str(error), url)
    connecting = isinstance(error, psycopg.OperationalError) and not state
    # A lost connection may end in words such as "SSL connection has been closed".
    refused = connecting and not lost and bool(_CONFIG_WORDS.search(words))
    # A parameter of the URL that libpq does not know is refused before there is a connection.
    is_unknown = not state and _UNKNOWN_PARAMETER in words
    pools_statements = _POOLS_STATEMENTS in words
    if _CONFIG_STATES.match(state) or refused or is_unknown or pools_statements:
        cure = _POOLER_CURE if pools_statements else f"Check {setting} and the rights of its user."
        return ConfigError(f"database {masked(url)}: {text}. {cure}")
    # Statements about databases of others are the user's own, and have a cure of their own.
    damage = _describe_damage(error, state, text) if setting == STORAGE_URL else ""
    if damage:
        return DamagedDatabase(f"database {masked(url)} {damage}")
    if _UNAVAILABLE_STATES.match(state) or connecting or lost:
        return Unavailable(f"database {masked(url)}: {text}. Try again later.")
    if _TEMPORARY_STATES.match(state):
        return Temporary(f"database {masked(url)}: {text}. Try again later.")
    return None


def _describe_damage(error: psycopg.Error, state: str, text: str) -> str:
    """Say what is wrong with our own database, and the cure; nothing where it is whole."""
    if _DAMAGED_STATES.match(state):
        return f"is damaged: {text}. {DAMAGE_CURE}"
    # Raised by psycopg itself, of a value that Python cannot hold, such as the time `infinity`.
    if isinstance(error, psycopg.DataError) and not state:
        return f"holds what cannot be read: {text}. {ROW_CURE}"
    return ""


def _without_password(text: str, url: URL) -> str:
    """Return a driver's message on one line, with the URL's password as `***`."""
    line = " ".join(text.split()).rstrip(".")
    return line.replace(str(url.password), "***") if url.password else line
