"""Encoding with a sentence model, each text once: by a cache on disk, and by claims of threads."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fusion.core.arrays import Scores
from fusion.core.parallel import WorkClaims
from fusion.core.progress import Progress, quiet
from fusion.models.text.sentence_model import SentenceModel
from fusion.models.text.vector_cache import VectorCache, text_key

log = logging.getLogger(__name__)

CHUNK = 1024
"""Texts encoded between two writes to the cache: as many are lost when a run is killed."""
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


def encode_cached(model: SentenceModel, texts: Sequence[str], options: EncodingOptions) -> Scores:
    """Encode texts; compute only those that the cache lacks, and add them to it.

    Threads that want the same texts with one cache encode each text once between them.

    Args:
        model: computes what the cache lacks.
        texts: (n,) distinct texts.
        options: cache and progress.

    Returns:
        Vectors (n, d) float32 of unit length; (0, 1) without texts.
    """
    cache = None if options.cache is None else VectorCache(options.cache / model.identity)
    claims = CLAIMS.setdefault(cache.folder, WorkClaims()) if cache else WorkClaims()
    # Shortest first, so that texts of one length share a batch.
    ordered = sorted(texts, key=lambda text: (len(text), text))
    by_key = {text_key(text): text for text in ordered}
    known: dict[bytes, Scores] = {}
    n_encoded = 0

    def missing() -> list[bytes]:
        if cache:
            known.update(cache.read_new())
        return [key for key in by_key if key not in known]

    while True:
        with claims.claim(missing, CHUNK) as keys:
            if not keys:
                break
            n_known = sum(key in known for key in by_key)
            options.progress(n_known, len(by_key))
            chunk = [by_key[key] for key in keys]
            vectors = model.encode(chunk)
            if cache:
                # Before the claim ends: whoever waits for these texts reads them from the cache.
                cache.write(chunk, vectors)
            known.update(zip(keys, vectors, strict=True))
            n_encoded += len(keys)
    log.info("encoded texts=%d from_cache=%d", n_encoded, len(texts) - n_encoded)
    if not texts:
        return np.zeros((0, 1), np.float32)
    return np.stack([known[text_key(text)] for text in texts])
