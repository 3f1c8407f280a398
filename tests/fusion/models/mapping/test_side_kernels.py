"""Vectors and facts of one's own place new items, and only what was known by the moment."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from fusion.api import from_frames
from fusion.data.facts import SCHEMA, ItemFacts
from fusion.models.content_map import ContentMap
from fusion.models.mapping import side_kernels
from fusion.models.mapping.kernels import MAX_FACTS, Catalogue
from fusion.models.mapping.ridge import join_kernels, ndcg_of_users
from fusion.models.mapping.side_kernels import kernels_of
from fusion.testing.data import fit_context, mixed_data, users_now

N_USERS, N_ITEMS, N_TASTES = 300, 240, 12


@pytest.fixture(scope="module")
def world():
    """Tastes decide what is taken; a fact and a vector tell them, others tell nothing."""
    rng = np.random.default_rng(6)
    taste_of_item = rng.integers(N_TASTES, size=N_ITEMS)
    rows = []
    for user in range(N_USERS):
        own = np.flatnonzero(taste_of_item == user % N_TASTES)
        rows += [(user, item) for item in rng.choice(own, 8)]
        rows += [(user, item) for item in rng.integers(N_ITEMS, size=3)]
    frame = pl.DataFrame(rows, schema=["user", "item"], orient="row").unique(maintain_order=True)
    data = from_frames(frame, pl.DataFrame({"item": np.arange(N_ITEMS)}))
    tastes = taste_of_item[data.item_ids.values.cast(pl.Int64).to_numpy()]
    facts = [(item, "maker", f"m{taste}", None) for item, taste in enumerate(tastes)]
    facts += [(item, "colour", f"c{rng.integers(9)}", None) for item in range(N_ITEMS)]
    table = pl.DataFrame(facts, schema=SCHEMA, orient="row").sort("item", "relation", "value")
    pictures = np.eye(N_TASTES)[tastes] + 0.3 * rng.normal(size=(N_ITEMS, N_TASTES))
    noise = rng.normal(size=(N_ITEMS, 8))
    return replace(
        data,
        facts=ItemFacts(table, ("colour", "maker")),
        vectors={name: unit(values) for name, values in (("pictures", pictures), ("noise", noise))},
    )


def unit(values):
    return (values / np.linalg.norm(values, axis=1, keepdims=True)).astype(np.float32)


def fitted(data):
    return ContentMap().fit(data, fit_context())


def quality(data, hidden) -> float:
    """NDCG@10 among hidden items of a fit that never saw them taken."""
    is_hidden = np.isin(data.items, hidden)
    known = data.take(~is_hidden)
    labels = np.zeros((data.n_users, len(hidden)), bool)
    labels[data.users[is_hidden], np.searchsorted(hidden, data.items[is_hidden])] = True
    judging = labels.any(axis=1) & (known.user_counts > 0)
    scores = fitted(known).scores(users_now(known))[:, hidden]
    return ndcg_of_users(np.nan_to_num(scores[judging], nan=-1e9), labels[judging]).mean()


def test_new_items_are_found_by_the_facts_and_the_vectors_that_tell(world):
    hidden = np.sort(np.random.default_rng(1).permutation(N_ITEMS)[:50])
    by_facts = quality(replace(world, vectors={}), hidden)
    by_vectors = quality(replace(world, facts=ItemFacts()), hidden)
    by_noise = quality(
        replace(world, facts=ItemFacts(), vectors={"noise": world.vectors["noise"]}), hidden
    )
    assert min(by_facts, by_vectors) > 2 * by_noise


def test_weights_come_from_the_fold(world):
    notes = fitted(world).notes
    assert notes["weight_facts maker"] > notes["weight_facts colour"]
    told = notes["weight_vectors pictures"] + notes["weight_facts maker"]
    assert told > notes["weight_vectors noise"]


def test_the_same_bits_twice(world):
    one, two = fitted(world).state(), fitted(world).state()
    assert {name: values.tobytes() for name, values in one.items()} == {
        name: values.tobytes() for name, values in two.items()
    }


def test_facts_and_vectors_of_new_items_decide_nothing_about_others(world):
    new = np.arange(0, N_ITEMS, 5)
    known = world.take(~np.isin(world.items, new))
    is_new = pl.col("item").is_in(new)
    table = known.facts.table.with_columns(
        pl.when(is_new).then(pl.lit("another")).otherwise(pl.col("value")).alias("value")
    ).unique(maintain_order=True)
    vectors = {name: values.copy() for name, values in known.vectors.items()}
    for values in vectors.values():
        values[new] = values[new][:, ::-1]
    other = replace(known, facts=replace(known.facts, table=table), vectors=vectors)
    users = users_now(known)
    scores, others = fitted(known).scores(users), fitted(other).scores(users)
    is_old = ~np.isin(np.arange(N_ITEMS), new)
    np.testing.assert_array_equal(scores[:, is_old], others[:, is_old])
    assert (scores[:, new] != others[:, new]).any()


def test_a_fact_to_come_is_not_there(world):
    """The very fit is that of data in which nobody had written it down."""
    moment = world.as_of
    later = world.facts.table.with_columns(pl.lit(moment, pl.Int64).alias("valid_from"))
    is_maker = pl.col("relation") == "maker"
    dated = pl.concat([world.facts.table.filter(~is_maker), later.filter(is_maker)])
    dated = dated.sort("item", "relation", "value")
    ahead = replace(world, as_of=moment + 1, facts=replace(world.facts, table=dated))
    assert len(ahead.facts) == len(world.facts)
    without = replace(world.facts, table=world.facts.table.filter(~is_maker))
    one = fitted(ahead.before(moment)).state()
    two = fitted(replace(world, facts=without)).state()
    assert {name: values.tobytes() for name, values in one.items()} == {
        name: values.tobytes() for name, values in two.items()
    }
    assert one.keys() == fitted(ahead).state().keys()
    assert any(
        one[name].tobytes() != values.tobytes() for name, values in fitted(ahead).state().items()
    )


def test_relations_beyond_the_large_ones_are_one_kernel():
    rows = [(item, f"r{place}", f"v{item % 3}", None) for item in range(9) for place in range(6)]
    table = pl.DataFrame(rows, schema=SCHEMA, orient="row").sort("item", "relation", "value")
    relations = tuple(f"r{place}" for place in range(6))
    data = replace(mixed_data(), facts=ItemFacts(table, relations))
    names = [f"facts r{place}" for place in range(4)] + ["other facts", "linked facts"]
    assert [name for name in kernels_of(data) if "facts" in name] == names
    joined, _ = join_kernels(Catalogue(data, data.item_counts > 0, "tfidf", fit_context()))
    widths = dict(zip(joined.names, np.diff(joined.borders), strict=True))
    assert widths["facts r0"] == 3
    assert widths["other facts"] == 6


def test_links_lead_from_value_to_item_to_value():
    """Items 0 and 5 share nothing; 1 to 4 link the facts of both."""
    rows = [(0, "director", "Mann", None), (5, "actor", "Pacino", None)]
    for item in range(1, 5):
        rows += [(item, "director", "Mann", None), (item, "actor", "Pacino", None)]
    rows += [(item, "director", "Lynch", None) for item in range(6, 12)]
    table = pl.DataFrame(rows, schema=SCHEMA, orient="row").sort("item", "relation", "value")
    data = replace(mixed_data(), facts=ItemFacts(table, ("actor", "director")))
    catalogue = Catalogue(data, np.arange(30) < 28, "tfidf", fit_context())
    values = side_kernels.linked_fact_features(catalogue).values
    assert values[0] @ values[5] > 0.9
    assert abs(values[0] @ values[7]) < 0.1


def test_features_stay_within_what_memory_is_asked_for():
    rows = [(item, "tag", f"v{item}{place:03}", None) for item in range(28) for place in range(40)]
    table = pl.DataFrame(rows, schema=SCHEMA, orient="row").sort("item", "relation", "value")
    wide = np.random.default_rng(0).normal(size=(30, 700)).astype(np.float32)
    data = replace(
        mixed_data(), facts=ItemFacts(table, ("tag",)), vectors={"a": wide, "b": wide[:, :300]}
    )
    catalogue = Catalogue(data, data.item_counts > 0, "tfidf", fit_context())
    assert kernels_of(data)["facts tag"](catalogue).values.shape[1] == MAX_FACTS
    for name in ("a", "b"):
        features = kernels_of(data)[f"vectors {name}"](catalogue).values
        assert features.shape[1] == 256
        # Products of known items, less their mean, are those of all dimensions.
        known = catalogue.is_known
        whole = data.vectors[name][known] - data.vectors[name][known].mean(axis=0)
        kept = features[known] - features[known].mean(axis=0)
        np.testing.assert_allclose(kept @ kept.T, whole @ whole.T, rtol=1e-3, atol=1e-2)
