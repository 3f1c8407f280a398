"""The people who are forgotten: the key of their hashes, and leaving them out of data."""

import hmac
import os
from dataclasses import dataclass

import polars as pl
from sqlalchemy import Engine

from fusion.errors import ConfigError, Temporary
from storage.runs.forgotten import all_forgotten

KEY = "FUSION_FORGET_KEY"
"""The variable of the environment that holds the key."""
MIN_KEY_LENGTH = 32
"""Characters of a key at least: 128 bits where they are hex digits."""
MAKE_ONE = (
    "Make one with `python -c 'import secrets; print(secrets.token_hex(32))'` "
    "and keep it like a password, for as long as anybody shall stay forgotten."
)
"""Advice while nobody is forgotten: later another key would know nobody of them."""
SET_THAT_ONE = (
    f"Set {KEY} to the key that they were forgotten with; a new one would know none of them. "
    "If it is lost, docs/operations.md says how to forget them anew."
)
"""Advice while somebody is forgotten."""


@dataclass(frozen=True)
class Hasher:
    """Keyed hashes of outside ids: HMAC-SHA256, 64 hex digits.

    Without the key nobody can try ids against the hashes that are kept. Its representation does not
    show the key.
    """

    key: bytes

    @classmethod
    def from_environment(cls, advice: str = MAKE_ONE) -> "Hasher":
        """Make a hasher with the key of the environment.

        Args:
            advice: sentences that say how to get a key.

        Returns:
            The hasher.

        Raises:
            ConfigError: FUSION_FORGET_KEY is missing or short.
        """
        key = os.environ.get(KEY, "")
        if len(key) >= MIN_KEY_LENGTH:
            return cls(key.encode())
        problem = f"has {len(key)} characters, {MIN_KEY_LENGTH} are needed" if key else "is not set"
        raise ConfigError(
            f"{KEY} {problem}: people who are forgotten are known by a hash made with it. {advice}"
        )

    def of(self, user_id: str) -> str:
        """Return the hash of a user.

        Args:
            user_id: outside id.

        Returns:
            64 hex digits.
        """
        # The prefix keeps a user called "key" apart from the mark of the key.
        return self._hash(b"user\0" + user_id.encode())

    @property
    def mark(self) -> str:
        """8 hex digits that tell this key from another."""
        return self._hash(b"key")[:8]

    def _hash(self, message: bytes) -> str:
        return hmac.digest(self.key, message, "sha256").hex()

    def __repr__(self) -> str:
        return f"Hasher(mark={self.mark})"


@dataclass(frozen=True)
class Forgotten:
    """Everybody who is forgotten in a database, as the predicate that `fusion.ingest.load` takes.

    Attributes:
        hashes: of their outside ids.
        hasher: with the key that made them.
    """

    hashes: frozenset[str]
    hasher: Hasher

    def __call__(self, ids: pl.Series) -> pl.Series:
        """Mark the outside ids of people who are forgotten.

        Args:
            ids: (n,) text.

        Returns:
            (n,) bool.
        """
        flags = [self.hasher.of(user_id) in self.hashes for user_id in ids]
        return pl.Series(flags, dtype=pl.Boolean)


def read_forgotten(engine: Engine) -> Forgotten | None:
    """Read the people who are forgotten.

    Args:
        engine: the database.

    Returns:
        The people; None while nobody is forgotten.

    Raises:
        ConfigError: somebody is, and the key is missing or another: they would come back unseen.
    """
    marks = all_forgotten(engine)
    if not marks:
        return None
    try:
        hasher = Hasher.from_environment(SET_THAT_ONE)
    except ConfigError as missing:
        raise ConfigError(
            f"{len(marks)} people are forgotten and must be left out of the data, but {missing}"
        ) from None
    # Under another key their ids have other hashes, and nobody would be recognised.
    under_other_key = sum(mark != hasher.mark for mark in marks.values())
    if under_other_key:
        raise ConfigError(
            f"{under_other_key} of {len(marks)} people were forgotten under another {KEY} "
            f"and would come back unseen. {SET_THAT_ONE}"
        )
    return Forgotten(frozenset(marks), hasher)


def require_same(engine: Engine, before: Forgotten | None) -> None:
    """See that nobody was forgotten since the data was loaded.

    Called once the run has begun: `fusion forget` waits for trainings that have begun, and one that
    begins later sees here whom it forgot.

    Args:
        engine: the database.
        before: the people who were left out of the data.

    Raises:
        Temporary: others are forgotten by now.
    """
    left_out = set(before.hashes) if before else set()
    if set(all_forgotten(engine)) != left_out:
        raise Temporary(
            "people were forgotten while the data was read: start again, and they are left out"
        )
