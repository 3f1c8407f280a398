"""Encode queries and the texts of items in one space, and keep the cache of queries short."""

import logging
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fusion.core.arrays import Scores, normalize_rows
from fusion.data.queries.user_queries import UserQueries
from fusion.data.splitting.fold import Fold
from fusion.models.text.cached_encoding import EncodingOptions
from fusion.models.text.character_ngrams import CharacterNgrams
from fusion.models.text.encoder_choice import BY_CHARACTERS, choose
from fusion.models.text.encoders import encode_with, item_texts
from fusion.models.text.text_encoder import TextEncoder
from fusion.models.text.vector_cache import VectorCache, text_key
from fusion.runs.cleanup import QUERY_VECTORS, VECTORS
from fusion.runs.context import RunContext

log = logging.getLogger(__name__)
STEP = "queries"
"""Name of the work as a step and of its progress."""


def with_query_vectors(context: RunContext) -> RunContext:
    """Encode what users wrote, for every fold of a training.

    Args:
        context: of the training.

    Returns:
        The context whose folds have the vectors; as it is where nobody wrote anything, or no item
        has a text to compare it with.

    Raises:
        ConfigError: the encoder that a source names is not on this machine.
    """
    queries = context.data.queries
    if not len(queries) or not len(item_texts(context.data)[0]):
        return context
    encoded = context.step(STEP, lambda: _encoded(context))

    def give(fold: Fold) -> Fold:
        known = fold.known
        own = replace(
            known.queries,
            encoder=encoded.encoder,
            vectors=encoded.vectors,
            item_vectors=encoded.item_vectors,
        )
        return replace(fold, known=replace(known, queries=own))

    plan = context.plan
    # Settings of sources are compared on the first fold, and no source reads what users write.
    silent = replace(plan.tune, known=replace(plan.tune.known, queries=UserQueries()))
    folds = replace(
        plan,
        tune=silent,
        labels=tuple(give(fold) for fold in plan.labels),
        verdict=give(plan.verdict),
        serving=give(plan.serving),
    )
    return replace(context, data=replace(context.data, queries=encoded), plan=folds)


def _encoded(context: RunContext) -> UserQueries:
    """Return the queries of the data with vectors.

    Items alone say which encoder can read them, and what all texts have in common: a later query
    moves no vector of an earlier one.
    """
    queries = context.data.queries
    words = queries.words.to_list()
    rows, texts = item_texts(context.data)
    distinct = sorted(set(texts))
    options = EncodingOptions(context.device, context.threads)
    choice = choose(distinct, encoder_of(context), options)
    if choice.model is None:
        ngrams = CharacterNgrams(distinct, context.threads)
        of_items, of_words = ngrams.encode(texts), ngrams.encode(words)
        identity = BY_CHARACTERS
    else:
        cache = context.store.root / VECTORS
        of_items = encode_with(choice.model, texts, replace(options, cache=cache))
        of_words = _of_queries(choice.model, words, context)
        identity = choice.model.identity
    log.info("queries encoded texts=%d encoder=%s", len(words), choice.note["encoder"])
    mean = of_items.mean(axis=0, keepdims=True)
    item_vectors = np.zeros((context.data.n_items, of_items.shape[1]), np.float32)
    item_vectors[rows] = normalize_rows(of_items - mean)
    vectors = normalize_rows(of_words - mean)
    return replace(queries, encoder=identity, vectors=vectors, item_vectors=item_vectors)


def _of_queries(model: TextEncoder, words: Sequence[str], context: RunContext) -> Scores:
    """Encode texts of people by a cache of their own, from which all others go."""
    folder = context.store.root / QUERY_VECTORS
    progress = context.progress(STEP)
    options = EncodingOptions(context.device, context.threads, folder, progress)
    vectors = encode_with(model, words, options)
    cache = VectorCache(folder / model.identity)
    if cache.folder.is_dir():
        cache.keep({text_key(text) for text in words})
    return vectors


def encoder_of(context: RunContext) -> str:
    """Return the encoder that a source is configured with, or "auto".

    Args:
        context: of the training.
    """
    named = [str(source.settings.get("encoder", "none")) for source in context.sources]
    return next((name for name in named if name != "none"), "auto")
