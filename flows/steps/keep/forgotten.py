"""The key of those who are forgotten, and telling them when data is loaded."""

import hmac
import os
from dataclasses import dataclass

import polars as pl
from sqlalchemy import Engine

from fusion.errors import ConfigError, Temporary
from storage.runs.forgotten import all_forgotten

KEY = "FUSION_FORGET_KEY"
SHORTEST = 32
HOW = (
    "Make one with `python -c 'import secrets; print(secrets.token_hex(32))'` and keep it like a password, for as long "
    "as anybody shall stay forgotten"
)


@dataclass(frozen=True)
class Hasher:
    """Keyed hashes of outside ids: HMAC-SHA256, 64 hex digits. Its representation does not show the key."""

    key: bytes

    @classmethod
    def from_environment(cls) -> "Hasher":
        """Take the key from FUSION_FORGET_KEY; ConfigError without one, or with a short one."""
        key = os.environ.get(KEY, "")
        if len(key) < SHORTEST:
            found = f"has {len(key)} characters, {SHORTEST} are needed" if key else "is not set"
            raise ConfigError(
                f"{KEY} {found}: people who are forgotten are known by a hash made with it. {HOW}."
            )
        return cls(key.encode())

    def of(self, user_id: str) -> str:
        """The hash of an outside id."""
        return self._hash(b"user\0" + user_id.encode())

    @property
    def mark(self) -> str:
        """8 hex digits that tell this key from another."""
        return self._hash(b"key")[:8]

    def _hash(self, words: bytes) -> str:
        return hmac.digest(self.key, words, "sha256").hex()

    def __repr__(self) -> str:
        return f"Hasher(mark={self.mark})"


@dataclass(frozen=True)
class Forgotten:
    """Everybody who is forgotten in a database, as the predicate that `fusion.ingest.load` takes."""

    hashes: frozenset[str]
    hasher: Hasher

    def __call__(self, ids: pl.Series) -> pl.Series:
        """Which of the outside ids (n,) are forgotten: (n,) bool."""
        return pl.Series([self.hasher.of(one) in self.hashes for one in ids], dtype=pl.Boolean)


def forgotten(engine: Engine) -> Forgotten | None:
    """Give the people who are forgotten, None while nobody is.

    Raises ConfigError when somebody is and the key is missing or another: they would come back
    unseen.
    """
    marks = all_forgotten(engine)
    if not marks:
        return None
    try:
        hasher = Hasher.from_environment()
    except ConfigError as missing:
        raise ConfigError(
            f"{len(marks)} people are forgotten and must be left out of the data, but {missing}"
        ) from None
    under_other_key = sum(mark != hasher.mark for mark in marks.values())
    if under_other_key:
        raise ConfigError(
            f"{under_other_key} of {len(marks)} people were forgotten under another {KEY} and would come back unseen; "
            "set the key that was used then"
        )
    return Forgotten(frozenset(marks), hasher)


def require_same(engine: Engine, before: Forgotten | None) -> None:
    """See that nobody was forgotten since the data was loaded; Temporary otherwise.

    Called once the run is begun: `fusion forget` waits for trainings that have begun, and one that
    begins later sees here whom it forgot.
    """
    if set(all_forgotten(engine)) != set(before.hashes if before else ()):
        raise Temporary(
            "people were forgotten while the data was read: start again, and they are left out"
        )
