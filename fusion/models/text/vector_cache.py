"""Text vectors kept on disk by content: what was encoded once is never encoded again, whoever asks."""

import logging
import os
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from zipfile import BadZipFile

import numpy as np

from fusion.core.arrays import Scores

log = logging.getLogger(__name__)

KEY_BYTES = 16


def text_key(text: str) -> bytes:
    """16 bytes that stand for a text."""
    return sha256(text.encode("utf-8", "surrogatepass")).digest()[:KEY_BYTES]


class VectorCache:
    """Vectors of one encoder in a folder of immutable npz files: `keys` (n, 16) uint8, `vectors` (n, d) float32.

    A file is written beside its place and renamed into it, under a name made of its keys: readers
    see it whole or not at all, and two processes that write at once lose nothing. A file that
    cannot be read is removed, and its texts are encoded again.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._met: set[Path] = set()

    def read_new(self) -> dict[bytes, Scores]:
        """Every vector (d,) by the key of its text, of files that this object has neither read nor written yet."""
        found: dict[bytes, Scores] = {}
        for path in sorted(set(self.folder.glob("*.npz")) - self._met):
            found.update(self._read_file(path))
            self._met.add(path)
        return found

    def _read_file(self, path: Path) -> Mapping[bytes, Scores]:
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                keys, vectors = stored["keys"], stored["vectors"]
            if (
                keys.shape != (len(vectors), KEY_BYTES)
                or vectors.ndim != 2
                or vectors.dtype != np.float32
            ):
                raise ValueError(
                    f"keys {keys.shape} {keys.dtype}, vectors {vectors.shape} {vectors.dtype}"
                )
            return {key.tobytes(): vector for key, vector in zip(keys, vectors, strict=True)}
        except FileNotFoundError:  # another process found it broken and removed it
            return {}
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as broken:
            log.warning(
                "vector cache: %s cannot be read (%s); its texts are encoded again", path, broken
            )
            path.unlink(missing_ok=True)
            return {}

    def write(self, texts: Sequence[str], vectors: Scores) -> None:
        """Add the vectors (n, d) of `texts` (n,); where the folder cannot be written, warn and go on without."""
        try:
            self._write_file(b"".join(text_key(text) for text in texts), vectors)
        except OSError as failed:
            log.warning(
                "vector cache: cannot write into %s (%s); its texts are encoded anew",
                self.folder,
                failed,
            )

    def _write_file(self, keys: bytes, vectors: Scores) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=self.folder, suffix=".tmp", delete=False) as file:
            try:
                np.savez(
                    file, keys=np.frombuffer(keys, np.uint8).reshape(-1, KEY_BYTES), vectors=vectors
                )
            except OSError:
                os.unlink(file.name)
                raise
        place = self.folder / f"{sha256(keys).hexdigest()[:24]}.npz"
        os.replace(file.name, place)
        self._met.add(place)
