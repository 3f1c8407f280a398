"""A cache of text vectors on disk, by content, shared by all runs and processes."""

import logging
import os
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

import numpy as np
from numpy.typing import NDArray

from fusion.core.arrays import Scores
from fusion.core.durable import replace_file

log = logging.getLogger(__name__)

KEY_BYTES = 16
"""Bytes of a key: among a billion texts, two share one with a chance of 1e-21."""
NAME_DIGITS = 24
"""Hex digits of a file's name."""


def text_key(text: str) -> bytes:
    """Return the key of a text.

    Args:
        text: any text, lone surrogates included.

    Returns:
        The first 16 bytes of its SHA-256.
    """
    return sha256(text.encode("utf-8", "surrogatepass")).digest()[:KEY_BYTES]


class VectorCache:
    """Vectors of one encoder in a folder of immutable npz files.

    A file holds `keys` (n, 16) uint8 and `vectors` (n, d) float32. It is written beside its place
    and renamed into it, under a name made of its keys: readers see it whole or not at all, and two
    processes that write at once lose nothing. A file that cannot be read is removed, and its texts
    are encoded again.
    """

    def __init__(self, folder: Path) -> None:
        """Open a cache without reading it.

        Args:
            folder: made at the first write.
        """
        self.folder = folder
        self._seen: set[Path] = set()

    def read_new(self) -> dict[bytes, Scores]:
        """Read the files that this object has neither read nor written yet.

        Returns:
            Vectors (d,) float32 by the key of their text.
        """
        vectors: dict[bytes, Scores] = {}
        for path in sorted(set(self.folder.glob("*.npz")) - self._seen):
            vectors.update(self._read_file(path))
            self._seen.add(path)
        return vectors

    def _read_file(self, path: Path) -> Mapping[bytes, Scores]:
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                keys = stored["keys"]
                vectors = stored["vectors"]
            _check_shapes(keys, vectors)
            return {key.tobytes(): vector for key, vector in zip(keys, vectors, strict=True)}
        except FileNotFoundError:  # another process removed it, since it was broken
            return {}
        except Exception as broken:  # a damaged archive may fail with anything
            log.warning(
                "vector cache: %s cannot be read (%s); its texts are encoded again", path, broken
            )
            path.unlink(missing_ok=True)
            return {}

    def write(self, texts: Sequence[str], vectors: Scores) -> None:
        """Add vectors; where the folder cannot be written, warn and go on without.

        Args:
            texts: (n,).
            vectors: (n, d) float32.
        """
        keys = b"".join(text_key(text) for text in texts)
        try:
            self._write_file(keys, vectors)
        except OSError as failed:
            log.warning(
                "vector cache: cannot write into %s (%s); its texts are encoded anew",
                self.folder,
                failed,
            )

    def _write_file(self, keys: bytes, vectors: Scores) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        key_rows = np.frombuffer(keys, np.uint8).reshape(-1, KEY_BYTES)
        # In the same folder, since a file can be renamed only within its file system.
        with NamedTemporaryFile(dir=self.folder, suffix=".tmp", delete=False) as file:
            try:
                np.savez(file, keys=key_rows, vectors=vectors)
            except OSError:
                os.unlink(file.name)
                raise
        name = sha256(keys).hexdigest()[:NAME_DIGITS]
        path = self.folder / f"{name}.npz"
        replace_file(Path(file.name), path)
        self._seen.add(path)


def _check_shapes(keys: NDArray[np.uint8], vectors: Scores) -> None:
    matching = keys.shape == (len(vectors), KEY_BYTES)
    if not matching or vectors.ndim != 2 or vectors.dtype != np.float32:
        raise ValueError(f"keys {keys.shape} {keys.dtype}, vectors {vectors.shape} {vectors.dtype}")
