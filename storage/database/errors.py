"""Errors of a database that is not there, is older, or lost something; and what mends each."""

from fusion.errors import ConfigError, DataError

STORAGE_URL = "[storage] url"
"""Where the configuration names the database of lists."""
DAMAGE_CURE = (
    "`fusion db status` says what is wrong with it. Restore a backup; without one, name an empty "
    "database in [storage] url, and `fusion publish --from-folder RUN` loads each run whose folder "
    "is kept."
)
"""What to do about a database that lost something; the training of a run is never lost with it."""
ROW_CURE = "`fusion db status` names the row: restore it from a backup, or correct it by hand."
_SHOWN = 60
"""Characters of a damaged value that a sentence shows."""


class NoDatabase(ConfigError):
    """The database is not there, or holds nothing of fusion yet."""


class OlderDatabase(ConfigError):
    """The tables are those of an older version of fusion."""


class DamagedDatabase(DataError):
    """Something is gone, or cannot be read, that fusion wrote: no setting mends that."""


def unreadable(kind: str, value: object) -> DamagedDatabase:
    """Return the error of a value that no program of ours wrote.

    Args:
        kind: what it should be: time, JSON object.
        value: what stands there.
    """
    text = repr(value)
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    return DamagedDatabase(
        f"the database that {STORAGE_URL} names holds {shown} where a {kind} stands. {ROW_CURE}"
    )
