"""The texts of items as vectors, by an encoder that can read them."""

import logging
from collections.abc import Sequence

import numpy as np

from fusion.core.arrays import Rows, Scores
from fusion.data.dataset import Dataset
from fusion.models.base.fit_context import FitContext
from fusion.models.text.cached_encoding import EncodingOptions, encode_cached
from fusion.models.text.character_ngrams import tfidf
from fusion.models.text.encoder_choice import Note, choose
from fusion.models.text.text_encoder import TextEncoder

log = logging.getLogger(__name__)


def encode(
    texts: Sequence[str], encoder: str = "auto", options: EncodingOptions | None = None
) -> tuple[Scores, Note]:
    """Encode texts as vectors of unit length.

    Equal texts get equal vectors. A vector of a model depends on its text alone, one of "tfidf" on
    the set of distinct texts.

    Args:
        texts: (n,) in any order, repeats allowed.
        encoder: "auto", "tfidf", one of `AUTO`, or a sentence-transformers name or folder.
        options: device, cores and cache; None for the CPU without a cache.

    Returns:
        Vectors (n, d) float32, and a note with `encoder`, `encoder_why` and, for a model,
        `unknown_tokens`.

    Raises:
        ConfigError: the named model is not on this machine, or has other weights than it should.
    """
    options = options or EncodingOptions()
    distinct = sorted(set(texts))
    choice = choose(distinct, encoder, options)
    note = choice.note
    log.info("encoder=%s texts=%d: %s", note["encoder"], len(distinct), note["encoder_why"])
    if choice.model is not None:
        return encode_with(choice.model, texts, options), note
    return _gather(tfidf(distinct, options.threads), distinct, texts), note


def encode_with(model: TextEncoder, texts: Sequence[str], options: EncodingOptions) -> Scores:
    """Encode texts with a model, each different one once.

    Args:
        model: the encoder.
        texts: (n,) in any order, repeats allowed.
        options: cache and progress.

    Returns:
        Vectors (n, d) float32 of unit length.
    """
    distinct = sorted(set(texts))
    return _gather(encode_cached(model, distinct, options), distinct, texts)


def _gather(vectors: Scores, distinct: Sequence[str], texts: Sequence[str]) -> Scores:
    """Return the vector of each text (n, d), from those of the distinct ones."""
    row_of = {text: row for row, text in enumerate(distinct)}
    return vectors[[row_of[text] for text in texts]]


def encode_items(data: Dataset, encoder: str, ctx: FitContext) -> tuple[Rows, Scores, Note]:
    """Encode the texts of items.

    Args:
        data: its item table may have a column `text`.
        encoder: as for `encode`.
        ctx: device, cores, cache and progress.

    Returns:
        Rows (K,) int32 of the items with a text, their vectors (K, d) float32 of unit length, and
        the note of `encode`.

    Raises:
        ConfigError: the named model is not on this machine, or has other weights than it should.
    """
    rows, texts = item_texts(data)
    if not len(rows):
        note: Note = {"encoder": "none", "encoder_why": "no item has a text"}
        return rows, np.zeros((0, 1), np.float32), note
    vectors, note = encode(texts, encoder, encoding_options(ctx))
    return rows, vectors, note


def item_texts(data: Dataset) -> tuple[Rows, list[str]]:
    """Return the items that have a text, and their texts without blanks around them.

    Args:
        data: its item table may have a column `text`.

    Returns:
        Rows (K,) int32, ascending, and K texts.
    """
    if "text" not in data.item_table.columns:
        return np.empty(0, np.int32), []
    texts = data.item_table["text"].fill_null("").str.strip_chars()
    rows = np.flatnonzero((texts != "").to_numpy()).astype(np.int32)
    return rows, texts.gather(rows).to_list()


def encoding_options(ctx: FitContext) -> EncodingOptions:
    """Take from a fit's context what encoding needs.

    Args:
        ctx: device, cores, cache and progress.

    Returns:
        The options.
    """
    return EncodingOptions(ctx.device, ctx.threads, ctx.cache, ctx.progress)
