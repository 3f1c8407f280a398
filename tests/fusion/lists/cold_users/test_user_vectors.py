"""Vectors of users as attributes: reduced without a look at likes, and served like all others."""

import numpy as np
import polars as pl
import pytest

from fusion.evaluation.cold_users.hidden_users import HiddenUsers
from fusion.lists.cold_users.attributes import has_attributes, user_attributes, vector_columns
from fusion.lists.cold_users.defaults import DEFAULTS
from fusion.training.pipeline import train
from tests.fusion.lists.cold_users.world import JOBS, cold_world, fourths
from tests.fusion.making import config, context_of, replaced
from tests.fusion.whole import file_digests, lists_of


def world():
    """The world of jobs without its users file: jobs show in vectors alone, through noise."""
    data = cold_world()
    jobs = np.array([JOBS.index(job) for job in data.user_table["job"]])
    rng = np.random.default_rng(1)
    seen = np.eye(4)[jobs] @ rng.normal(size=(4, 12)) + 0.3 * rng.normal(size=(len(jobs), 12))
    vectors = (seen / np.linalg.norm(seen, axis=1, keepdims=True)).astype(np.float32)
    return replaced(data, user_table=pl.DataFrame(), user_vectors={"faces": vectors}), jobs


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    data, _ = world()
    settings = config(("popularity",), lists={"size": 5, "reserve": 3})
    return context_of(tmp_path_factory.mktemp("vectors"), data, settings)


@pytest.fixture(scope="module")
def trained(context):
    return train(context)


def test_lists_follow_the_vectors_and_say_so(context, trained):
    data, found = context.data, trained.cold_users
    assert (found.serves, found.cold, found.columns) == (True, 40, ("vectors faces",))
    cold = np.flatnonzero(data.user_counts == 0)
    first = lists_of(trained).filter(pl.col("user").is_in(cold), rank=1)
    numbers = data.item_ids.values.str.strip_chars("i").cast(pl.Int64).to_numpy()
    jobs = world()[1][first["user"].to_numpy()]
    assert (fourths(numbers[first["item"].to_numpy()]) == jobs).mean() > 0.9
    why = pl.read_parquet(trained.lists / "why.parquet").filter(pl.col("user").is_in(cold))
    assert set(why["reason"]) == {"people with like faces like it more than others"}


def test_the_same_bits_twice(context, trained, tmp_path):
    again = train(context_of(tmp_path, world()[0], context.config))
    assert file_digests(again.lists) == file_digests(trained.lists)


def test_another_vector_makes_lists_anew(context, trained):
    vectors = context.data.user_vectors["faces"].copy()
    vectors[-1] = vectors[-2]
    other = replaced(context.data, user_vectors={"faces": vectors})
    again = train(context_of(context.root, other, context.config))
    assert again.lists != trained.lists


def test_no_interaction_has_a_part_in_the_columns(context):
    """Whoever is hidden, the columns are the same; who likes what enters the ridge alone."""
    attributes = user_attributes(context.data)
    hidden = HiddenUsers.of(context, attributes)
    without = hidden.without(context.plan.verdict, 0)
    assert user_attributes(without.known).values.toarray().tobytes() == (
        attributes.values.toarray().tobytes()
    )


def test_columns_keep_the_widest_directions_at_a_variance_of_one():
    vectors = np.random.default_rng(0).normal(size=(500, 9)) * np.arange(1, 10)
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    vectors[7] = 0
    values = vector_columns(vectors, 4)
    assert values.shape == (500, 4)
    assert not values[7].any()
    known = np.delete(values, 7, 0).astype(np.float64)
    assert known.var(axis=0).mean() == pytest.approx(1, abs=1e-4)
    assert (np.diff(known.var(axis=0)) > 0).all()
    whole = vector_columns(vectors, 20).astype(np.float64)
    has = np.arange(500) != 7
    scaled = np.linalg.norm(whole[has][:, None] - whole[has][None], axis=2)
    plain = np.linalg.norm(vectors[has][:, None] - vectors[has][None], axis=2)
    ratio = scaled[plain > 0.1] / plain[plain > 0.1]
    assert ratio.std() < 1e-4 * ratio.mean()


def test_vectors_that_tell_nobody_apart_give_no_column():
    same = np.tile(np.float32([0.6, 0.8]), (50, 1))
    assert vector_columns(same, 5).shape == (50, 0)
    few = np.zeros((50, 2), np.float32)
    few[: DEFAULTS.fewest_users - 1] = np.random.default_rng(0).normal(size=(9, 2))
    assert vector_columns(few, 5).shape == (50, 0)
    data, _ = world()
    attributes = user_attributes(replaced(data, user_vectors={"faces": same[:1].repeat(440, 0)}))
    assert attributes.names == ()


def test_they_stand_beside_the_users_file():
    data, _ = world()
    both = replaced(data, user_table=cold_world().user_table)
    attributes = user_attributes(both)
    assert attributes.names == ("region", "job", "age", "vectors faces")
    assert attributes.columns.count("vectors faces") == 12
    assert has_attributes(data)
    none = np.zeros_like(data.user_vectors["faces"])
    assert not user_attributes(replaced(data, user_vectors={"faces": none})).has_any.any()
