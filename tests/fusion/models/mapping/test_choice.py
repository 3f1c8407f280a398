"""Weights of vectors and facts: by what was known of an item when nobody had taken it, or none."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from fusion.data.facts import SCHEMA, ItemFacts
from fusion.models.mapping import choice
from fusion.models.mapping.kernels import Catalogue
from fusion.models.mapping.ridge import join_kernels, ndcg_by_item, ndcg_of_users
from fusion.models.mapping.side_kernels import kernels_of
from fusion.testing.data import fit_context, mixed_data
from tests.fusion.models.mapping.test_side_kernels import N_ITEMS, fitted, quality, world

__all__ = ["world"]

HIDDEN = np.sort(np.random.default_rng(1).permutation(N_ITEMS)[:50])


@pytest.fixture(scope="module")
def told_later(world):
    """Makers are written down a year after items were taken, and nobody knows those of new ones."""
    times = 1_000 * np.arange(1, len(world) + 1, dtype=np.int64)
    late = int(times[-1]) + 1
    table = world.facts.table.with_columns(
        valid_from=pl.when(pl.col("relation") == "maker").then(late).cast(pl.Int64)
    )
    is_unknown = pl.col("item").is_in(HIDDEN) & (pl.col("relation") == "maker")
    facts = replace(world.facts, table=table.filter(~is_unknown))
    return replace(world, times=times, has_times=True, as_of=late + 1, facts=facts)


def test_facts_that_come_after_the_likes_place_no_new_item(told_later):
    notes = fitted(told_later.take(~np.isin(told_later.items, HIDDEN))).notes
    assert notes["weight_facts maker"] == 0
    assert notes["weight_vectors pictures"] > 0


def test_new_items_are_ranked_no_worse_than_without_facts(told_later):
    without = quality(replace(told_later, facts=ItemFacts()), HIDDEN)
    assert quality(told_later, HIDDEN) > 0.95 * without


def test_what_gains_nothing_sure_gets_no_weight(world):
    notes = fitted(world).notes
    assert (notes["weight_facts colour"], notes["weight_vectors noise"]) == (0, 0)
    assert notes["weight_facts maker"] + notes["weight_vectors pictures"] > 0


def test_a_kernel_stays_where_it_is_the_only_one(world):
    noise = replace(world, facts=ItemFacts(), vectors={"noise": world.vectors["noise"]})
    assert fitted(noise).notes["weight_vectors noise"] > 0


def test_a_gain_of_one_item_alone_is_not_sure():
    gains = np.zeros(100)
    gains[3] = 5.0
    assert choice._sureness(gains) < 1.01
    assert choice._sureness(np.tile([0.1, 0.3], 8)) == pytest.approx(0.2 * 16 / (0.1 * 4))
    assert choice._sureness(np.zeros(9)) == 0


def test_the_parts_of_items_add_up_to_the_mean_of_users():
    rng = np.random.default_rng(0)
    scores, labels = rng.normal(size=(40, 30)).astype(np.float32), rng.random((40, 30)) < 0.2
    labels[:, 0] = True
    parts = ndcg_by_item(scores, labels)
    assert parts.sum() == pytest.approx(ndcg_of_users(scores, labels).mean())
    alone = np.zeros_like(labels)
    alone[:, 5] = True
    assert np.flatnonzero(ndcg_by_item(scores, alone)).tolist() == [5]


def test_an_item_as_new_has_the_facts_of_before_it_was_taken():
    data = mixed_data()
    first = int(data.times[data.items == 4].min())
    rows = [(item, "maker", f"m{item % 3}", None) for item in range(9)]
    rows += [(4, "tag", "early", first - 1), (4, "tag", "late", first), (5, "tag", "early", None)]
    rows += [(6, "tag", "late", None)]
    table = pl.DataFrame(rows, schema=SCHEMA, orient="row").sort("item", "relation", "value")
    data = replace(data, facts=ItemFacts(table, ("maker", "tag")))
    catalogue = Catalogue(data, data.item_counts > 0, "tfidf", fit_context())
    tags = kernels_of(data)["facts tag"](catalogue)
    # Columns are "early" and "late"; five and six have what they always had.
    assert (tags.values[4] > 0).tolist() == [True, True]
    assert (tags.as_new[4] > 0).tolist() == [True, False]
    assert tags.as_new[5:7].tolist() == tags.values[5:7].tolist()
    joined, _ = join_kernels(catalogue)
    start = joined.borders[joined.names.index("facts tag")]
    as_new, now = joined.of_new(np.arange(9)), joined.values[:9]
    differs = (as_new != now).any(axis=0)
    assert differs[start : start + 2].any()
    assert not differs[:start].any()
    assert (as_new[5] == now[5]).all()
    # Centred alike: what is there of an item as new lies where an item with just that lies.
    np.testing.assert_allclose(as_new[4, start : start + 2], now[5, start : start + 2], atol=1e-6)
