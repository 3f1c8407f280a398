"""A cache of text vectors on disk, by content, shared by all runs and processes."""

import logging
import os
import zlib
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, flock
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fusion.core.arrays import Flags, blocks
from fusion.core.durable import make_folder, replace_file

log = logging.getLogger(__name__)

KEY_BYTES = 16
"""Bytes of a key: among a billion texts, two share one with a chance of 1e-21."""
KEY_ROW = np.dtype([("key", f"V{KEY_BYTES}"), ("check", "<u4")])
"""A row of the key file: the key of a text, and the CRC-32 of the key and its vector."""
NUMBER = np.dtype("<f2")
"""Numbers of stored vectors: 2 million of 512 take 1.9 GiB, and a cosine moves by 0.0001."""
KEYS_NAME = "keys.bin"
VECTORS_NAME = "vectors-{width}.bin"
LOCK_NAME = "lock"
BLOCK = 4096
"""Vectors moved at once."""

HalfVectors = NDArray[np.float16]
"""Vectors (n, d) as they are stored."""


def text_key(text: str) -> bytes:
    """Return the key of a text.

    Args:
        text: any text, lone surrogates included.

    Returns:
        The first 16 bytes of its SHA-256.
    """
    return sha256(text.encode("utf-8", "surrogatepass")).digest()[:KEY_BYTES]


class VectorCache:
    """Vectors of one encoder in a memory-mapped file, and their keys in a file beside it.

    Row r of one file belongs to row r of the other. Both only grow, under a lock, until `keep`
    writes them anew. Of two rows with one key the later counts. A row is believed only while its
    checksum holds, so whatever a crash, a full disk or two machines without a common lock leave
    behind is encoded again.
    """

    def __init__(self, folder: Path) -> None:
        """Open a cache without reading it.

        Args:
            folder: made at the first write.
        """
        self.folder = folder
        self.rows: dict[bytes, int] = {}
        """Row of each key that was read or written, as far as nobody found it broken."""
        self._n_read = 0
        self._file: tuple[int, int] | None = None

    def mark_used(self) -> None:
        """Note by the time of the lock's file that somebody asked for vectors."""
        with suppress(OSError):
            if self.folder.is_dir():
                (self.folder / LOCK_NAME).touch()

    def refresh(self) -> None:
        """Read the keys that were added since, by whichever process."""
        try:
            with (self.folder / KEYS_NAME).open("rb") as file:
                status = os.fstat(file.fileno())
                if self._file != (status.st_dev, status.st_ino):
                    # Written anew by a prune: rows have other numbers.
                    self.rows, self._n_read = {}, 0
                    self._file = (status.st_dev, status.st_ino)
                file.seek(self._n_read * KEY_ROW.itemsize)
                content = file.read()
        except OSError:
            self.rows, self._n_read, self._file = {}, 0, None
            return
        n_whole = len(content) // KEY_ROW.itemsize
        added = np.frombuffer(content, KEY_ROW, n_whole)
        for row, key in enumerate(added["key"].tolist(), self._n_read):
            self.rows[key] = row
        self._n_read += n_whole

    def read(self, keys: Sequence[bytes]) -> tuple[HalfVectors, Flags]:
        """Read vectors, and forget the rows of those that are broken.

        Args:
            keys: (n,), all in `rows`.

        Returns:
            Vectors (n, d), and (n,) bool: True where one can be believed.
        """
        rows = np.array([self.rows[key] for key in keys], np.int64)
        vectors, checks = self._map()
        present = rows < min(len(vectors), len(checks))
        values = np.zeros((len(keys), vectors.shape[1]), NUMBER)
        values[present] = vectors[rows[present]]
        expected = checks["check"][rows[present]]
        actual = _checks(
            [key for key, is_present in zip(keys, present, strict=True) if is_present],
            values[present],
        )
        whole = present.copy()
        whole[present] = expected == actual
        for position in np.flatnonzero(~whole).tolist():
            del self.rows[keys[position]]
        if not whole.all():
            n_broken = int((~whole).sum())
            log.warning(
                "vector cache: %d vectors in %s cannot be read; their texts are encoded again",
                n_broken,
                self.folder,
            )
        return values, whole

    def write(self, keys: Sequence[bytes], vectors: HalfVectors) -> bool:
        """Add vectors; where the folder cannot be written, warn and go on without.

        Args:
            keys: (n,) of their texts.
            vectors: (n, d).

        Returns:
            Whether they are in the cache now.
        """
        try:
            make_folder(self.folder)
            with self._locked():
                first_row = self._append(keys, vectors)
        except OSError as failed:
            log.warning(
                "vector cache: cannot write into %s (%s); its texts are encoded anew",
                self.folder,
                failed,
            )
            return False
        self.refresh()
        for row, key in enumerate(keys, first_row):
            self.rows[key] = row
        return True

    def keep(self, keys: Collection[bytes]) -> int:
        """Drop the vectors of all other texts, and broken ones.

        Args:
            keys: of the texts that count.

        Returns:
            Bytes that became free.
        """
        with self._locked():
            self.refresh()
            kept = [key for key in self.rows if key in keys]
            before = self._bytes()
            if len(kept) < self._n_read:
                self._rewrite(kept)
            return before - self._bytes()

    def _rewrite(self, keys: Sequence[bytes]) -> None:
        """Put files with some of the vectors in the place of those that are there."""
        old = self._vectors_file()
        drafts = [self.folder / f"{name}.draft" for name in (old.name, KEYS_NAME)]
        with drafts[0].open("wb") as vectors_file, drafts[1].open("wb") as keys_file:
            for part in blocks(len(keys), BLOCK):
                asked = keys[part]
                vectors, whole = self.read(asked)
                good = [key for key, is_whole in zip(asked, whole, strict=True) if is_whole]
                vectors_file.write(vectors[whole].tobytes())
                keys_file.write(_key_rows(good, vectors[whole]).tobytes())
        # A crash between the two leaves rows whose checksums fail: they are encoded again.
        replace_file(drafts[0], old)
        replace_file(drafts[1], self.folder / KEYS_NAME)
        self.refresh()

    def _append(self, keys: Sequence[bytes], vectors: HalfVectors) -> int:
        """Add rows to both files, cut to the same length before; return the first one's number."""
        vectors_path = self.folder / VECTORS_NAME.format(width=vectors.shape[1])
        keys_path = self.folder / KEYS_NAME
        row_bytes = vectors.shape[1] * NUMBER.itemsize
        with vectors_path.open("ab") as vectors_file, keys_path.open("ab") as keys_file:
            n_rows = min(
                vectors_file.tell() // row_bytes,
                keys_file.tell() // KEY_ROW.itemsize,
            )
            vectors_file.truncate(n_rows * row_bytes)
            keys_file.truncate(n_rows * KEY_ROW.itemsize)
            # The vectors first: a key whose vector is not there yet would be a broken row, to a
            # reader now or, after a power loss, for good.
            vectors_file.write(np.ascontiguousarray(vectors, NUMBER).tobytes())
            vectors_file.flush()
            os.fsync(vectors_file.fileno())
            keys_file.write(_key_rows(keys, vectors).tobytes())
        return n_rows

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Let no other process write meanwhile; the kernel ends the lock of one that dies."""
        with (self.folder / LOCK_NAME).open("a") as file:
            flock(file, LOCK_EX)
            yield

    def _map(self) -> tuple[HalfVectors, NDArray[Any]]:
        """Map both files; of no length where they are not there."""
        try:
            path = self._vectors_file()
            width = int(path.stem.partition("-")[2])
            stored = np.memmap(path, NUMBER, "r")
            n_rows = len(stored) // width
            checks = np.memmap(self.folder / KEYS_NAME, np.uint8, "r")
            n_keys = len(checks) // KEY_ROW.itemsize
            key_rows = checks[: n_keys * KEY_ROW.itemsize].view(KEY_ROW)
            return stored[: n_rows * width].reshape(n_rows, width), key_rows
        # Not there, empty, or of a length that is no number of rows.
        except (OSError, ValueError, StopIteration):
            return np.zeros((0, 1), NUMBER), np.zeros(0, KEY_ROW)

    def _vectors_file(self) -> Path:
        return next(self.folder.glob(VECTORS_NAME.format(width="*")))

    def _bytes(self) -> int:
        return sum(file.stat().st_size for file in self.folder.glob("*.bin"))


def _key_rows(keys: Sequence[bytes], vectors: HalfVectors) -> NDArray[Any]:
    rows = np.zeros(len(keys), KEY_ROW)
    rows["key"] = np.frombuffer(b"".join(keys), f"V{KEY_BYTES}")
    rows["check"] = _checks(keys, vectors)
    return rows


def _checks(keys: Sequence[bytes], vectors: HalfVectors) -> NDArray[np.uint32]:
    """Return the CRC-32 (n,) of each key with its vector."""
    rows = np.ascontiguousarray(vectors, NUMBER)
    checks = np.zeros(len(keys), np.uint32)
    for row, key in enumerate(keys):
        checks[row] = zlib.crc32(rows[row].tobytes(), zlib.crc32(key))
    return checks
