"""Hashes of outside ids, which stand for them in all that watching computes and keeps."""

from collections.abc import Callable
from hashlib import blake2b

import polars as pl

BYTES = 8
"""Of a hash: among ten million ids two share one with a chance of 3 in a million."""

Prepare = Callable[[pl.Series], pl.Series]
"""Turns distinct outside ids (n,) into what is hashed; null for who is left out."""


def keep(ids: pl.Series) -> pl.Series:
    """Return ids as they are.

    Args:
        ids: (n,) text.

    Returns:
        The same.
    """
    return ids


class IdHasher:
    """Hashes ids of a table that is read in batches, each distinct id once.

    The hash is of the text alone: it is the same in every process and version, so that what one
    watch has kept another can compare.
    """

    def __init__(self, prepare: Prepare = keep) -> None:
        """Begin without any id.

        Args:
            prepare: turns distinct ids into what is hashed.
        """
        self._prepare = prepare
        self._known = pl.DataFrame(schema={"id": pl.String, "hash": pl.UInt64})

    def of(self, ids: pl.Series) -> pl.Series:
        """Return the hashes of ids.

        Args:
            ids: (n,) text.

        Returns:
            (n,) UInt64; null for null, and for who is left out.
        """
        distinct = ids.drop_nulls().unique(maintain_order=True).alias("id").to_frame()
        fresh = distinct.join(self._known, on="id", how="anti", maintain_order="left")
        if len(fresh):
            hashes = [_hash(text) for text in self._prepare(fresh["id"])]
            column = pl.Series("hash", hashes, dtype=pl.UInt64)
            self._known = self._known.vstack(fresh.with_columns(column))
        wanted = ids.alias("id").to_frame()
        joined = wanted.join(self._known, on="id", how="left", maintain_order="left")
        return joined["hash"].alias(ids.name)


def _hash(text: str | None) -> int | None:
    if text is None:
        return None
    return int.from_bytes(blake2b(text.encode(), digest_size=BYTES).digest(), "little")
