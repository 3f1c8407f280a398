"""Encoding with a model, each text once: by a cache on disk, and by claims of threads."""

import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fusion.core.arrays import Scores, blocks, normalize_rows
from fusion.core.parallel import WorkClaims
from fusion.core.progress import Progress, quiet
from fusion.models.text.text_encoder import TextEncoder
from fusion.models.text.vector_cache import NUMBER, HalfVectors, VectorCache, text_key

log = logging.getLogger(__name__)

CHUNK = 4096
"""Texts encoded between two writes to the cache: as many are lost when a run is killed."""
WINDOW = 8
"""Chunks ahead that are looked at for work, more than threads encode at once."""
CLAIMS: dict[Path, WorkClaims] = {}
"""Claims on texts that are being encoded right now, by the folder of the cache they go to."""


@dataclass(frozen=True)
class EncodingOptions:
    """Resources for encoding.

    Attributes:
        device: "cpu" or "cuda".
        threads: cores to use.
        cache: folder of cached vectors; None for no cache.
        progress: called with (texts done, texts in all).
    """

    device: str = "cpu"
    threads: int = 1
    cache: Path | None = None
    progress: Progress = field(default=quiet)


def encode_cached(
    model: TextEncoder, texts: Sequence[str], options: EncodingOptions | None = None
) -> Scores:
    """Encode texts; compute only those that the cache lacks, and add them to it.

    Threads that want the same texts with one cache encode each text once between them. Vectors are
    rounded to float16 and brought back to unit length, cached or not: who asks first and who asks
    again get the same bits.

    Args:
        model: computes what the cache lacks.
        texts: (n,) distinct texts.
        options: cache and progress.

    Returns:
        Vectors (n, d) float32 of unit length; (0, 1) without texts.
    """
    if not texts:
        return np.zeros((0, 1), np.float32)
    work = fill_cache(model, texts, options or EncodingOptions())
    keys = [text_key(text) for text in texts]
    # A broken vector is found when it is read, and encoded in the next round.
    while (vectors := work.read(keys)) is None:
        work.encode_missing()
    return vectors


def fill_cache(model: TextEncoder, texts: Sequence[str], options: EncodingOptions) -> "_Encoding":
    """Encode the texts that the cache lacks, without reading those that it has.

    Args:
        model: computes what the cache lacks.
        texts: (n,) distinct texts.
        options: cache and progress.

    Returns:
        The work, from which vectors can be read.
    """
    work = _Encoding(model, texts, options)
    work.encode_missing()
    log.info("encoded texts=%d from_cache=%d", work.n_encoded, len(texts) - work.n_encoded)
    return work


class _Encoding:
    """The encoding of some texts.

    Attributes:
        n_encoded: texts encoded by this object.
    """

    def __init__(self, model: TextEncoder, texts: Sequence[str], options: EncodingOptions) -> None:
        self._model = model
        self._progress = options.progress
        # Shortest first, so that texts of one length share a batch.
        ordered = sorted(texts, key=lambda text: (len(text), text))
        self._text_of_key = {text_key(text): text for text in ordered}
        self._cache = None if options.cache is None else VectorCache(options.cache / model.identity)
        if self._cache:
            self._cache.mark_used()
        self._unwritten: dict[bytes, HalfVectors] = {}
        self.n_encoded = 0

    def encode_missing(self) -> None:
        """Encode, chunk by chunk, what neither the cache nor this object has."""
        waiting = deque(self._text_of_key)
        folder = self._cache.folder if self._cache else None
        claims = CLAIMS.setdefault(folder, WorkClaims()) if folder else WorkClaims()
        while True:
            with claims.claim(lambda: self._missing(waiting), CHUNK) as keys:
                if not keys:
                    return
                self._progress(len(self._text_of_key) - len(waiting), len(self._text_of_key))
                vectors = self._model.encode([self._text_of_key[key] for key in keys])
                # Before the claim ends: whoever waits for these texts reads them from the cache.
                self._store(keys, vectors.astype(NUMBER))
                self.n_encoded += len(keys)

    def _missing(self, waiting: deque[bytes]) -> list[bytes]:
        """List the next keys without a vector; those that have one leave the queue's front."""
        if self._cache:
            self._cache.refresh()
        while waiting and self._is_known(waiting[0]):
            waiting.popleft()
        missing: list[bytes] = []
        for key in waiting:
            if len(missing) == WINDOW * CHUNK:
                break
            if not self._is_known(key):
                missing.append(key)
        return missing

    def _is_known(self, key: bytes) -> bool:
        return key in self._unwritten or (self._cache is not None and key in self._cache.rows)

    def _store(self, keys: Sequence[bytes], vectors: HalfVectors) -> None:
        if self._cache is None or not self._cache.write(keys, vectors):
            self._unwritten.update(zip(keys, vectors, strict=True))

    def read(self, keys: Sequence[bytes]) -> Scores | None:
        """Read the vectors of texts of this object.

        Args:
            keys: (n,) of them, at least one.

        Returns:
            Vectors (n, d) float32 of unit length; None where one has to be encoded again.
        """
        parts = blocks(len(keys), CHUNK)
        first = self._read_stored(keys[next(parts)])
        if first is None:
            return None
        vectors = np.empty((len(keys), first.shape[1]), np.float32)
        vectors[: len(first)] = normalize_rows(first.astype(np.float32))
        for part in parts:
            stored = self._read_stored(keys[part])
            if stored is None:
                return None
            vectors[part] = normalize_rows(stored.astype(np.float32))
        return vectors

    def _read_stored(self, keys: Sequence[bytes]) -> HalfVectors | None:
        """Read vectors (n, d) as stored; None where one is missing or broken."""
        cached = [key for key in keys if key not in self._unwritten]
        if not cached:
            return np.stack([self._unwritten[key] for key in keys])
        if self._cache is None or any(key not in self._cache.rows for key in cached):
            return None
        stored, whole = self._cache.read(cached)
        if not whole.all():
            return None
        if len(cached) == len(keys):
            return stored
        by_key = dict(zip(cached, stored, strict=True)) | self._unwritten
        return np.stack([by_key[key] for key in keys])
