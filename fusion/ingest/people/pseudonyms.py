"""Pseudonyms: keyed hashes that stand for the ids of users in all that is made of the data."""

import hmac
import os
from dataclasses import dataclass

import polars as pl

from fusion.errors import ConfigError

KEY = "FUSION_PSEUDONYM_KEY"
"""The variable of the environment that holds the key."""
MIN_KEY_LENGTH = 32
"""Characters of a key at least: 128 bits where they are hex digits."""
DIGITS = 32
"""Hex digits of a pseudonym: 128 bits of the hash, by which a billion users have no two alike.

RFC 2104 allows to cut the result of HMAC to half of its length, and these ids stand in every row.
"""
MARK_DIGITS = 8
"""Hex digits that tell a key from another: too few to try keys by."""
# No id holds a NUL, so that the mark begins nobody's pseudonym.
_MARKED = b"\0key"


@dataclass(frozen=True)
class Pseudonyms:
    """Keyed hashes of users' ids: HMAC-SHA256 over the id in UTF-8, cut to 32 hex digits.

    Without the key nobody can try ids against pseudonyms. Its representation does not show the key.
    """

    key: bytes

    @classmethod
    def from_environment(cls) -> "Pseudonyms":
        """Make pseudonyms with the key of the environment.

        Returns:
            The pseudonyms.

        Raises:
            ConfigError: FUSION_PSEUDONYM_KEY is missing or short.
        """
        key = os.environ.get(KEY, "")
        if len(key) >= MIN_KEY_LENGTH:
            return cls(key.encode())
        problem = f"has {len(key)} characters, {MIN_KEY_LENGTH} are needed" if key else "is not set"
        raise ConfigError(
            f"{KEY} {problem}: [data] pseudonyms is on, so that users are known by a hash made "
            "with it. Set it to the key that runs were made with; before the first run, make one "
            "with `python -c 'import secrets; print(secrets.token_hex(32))'`"
        )

    def of(self, user_id: str) -> str:
        """Return the pseudonym of a user.

        Args:
            user_id: outside id as text; an integer id without a decimal point.

        Returns:
            32 hex digits.
        """
        return hmac.digest(self.key, user_id.encode(), "sha256").hex()[:DIGITS]

    def of_all(self, ids: pl.Series) -> pl.Series:
        """Return the pseudonyms of ids, each distinct one hashed once.

        Args:
            ids: (n,) text or labels.

        Returns:
            (n,) of the same name and type, null for null.
        """
        distinct = ids.drop_nulls().unique().alias("id")
        hashes = pl.Series("pseudonym", map(self.of, distinct), dtype=pl.String).cast(ids.dtype)
        pseudonym_of = pl.DataFrame([distinct, hashes])
        wanted = ids.alias("id").to_frame()
        joined = wanted.join(pseudonym_of, on="id", how="left", maintain_order="left")
        return joined["pseudonym"].alias(ids.name)

    @property
    def mark(self) -> str:
        """8 hex digits that tell this key from another."""
        return hmac.digest(self.key, _MARKED, "sha256").hex()[:MARK_DIGITS]

    def __repr__(self) -> str:
        return f"Pseudonyms(mark={self.mark})"


def pseudonym(user_id: str) -> str:
    """Return the pseudonym of a user under the key of the environment.

    It is the `user_id` by which an application asks for lists and blocks items where `[data]
    pseudonyms` is on.

    Args:
        user_id: outside id as text; an integer id without a decimal point.

    Returns:
        32 hex digits.

    Raises:
        ConfigError: FUSION_PSEUDONYM_KEY is missing or short.
    """
    return Pseudonyms.from_environment().of(user_id)
