"""The map from attributes to likes: it finds what is planted, and is the ridge it says it is."""

import numpy as np
import polars as pl
import pytest

from fusion.lists.cold_users.attributes import has_attributes, user_attributes
from fusion.lists.cold_users.query_likeness import QueryLikeness
from fusion.lists.cold_users.taste_map import MapSettings, TasteMap, scored_blocks
from tests.fusion.lists.cold_users.world import JOBS, cold_world, fourths
from tests.fusion.making import dataset, replaced


@pytest.fixture(scope="module")
def data():
    return cold_world()


def scores_of(data, users, **settings):
    taste = TasteMap.fit(data, user_attributes(data))
    scores = np.full((len(users), data.n_items), np.nan, np.float32)
    likeness = QueryLikeness(data.queries, np.full(data.n_users, data.as_of))
    for places, block in scored_blocks(taste, users, MapSettings(**settings), likeness):
        scores[places] = block
    return scores


def cold(data):
    return np.flatnonzero(data.user_counts == 0).astype(np.int32)


def numbers(data):
    """The number in each item's id (I,)."""
    return data.item_ids.values.str.strip_chars("i").cast(pl.Int64).to_numpy()


def test_cold_users_get_the_items_of_people_like_them(data):
    users = cold(data)
    best = numbers(data)[np.argsort(-scores_of(data, users), axis=1)[:, :5]]
    jobs = [JOBS.index(job) for job in data.user_table["job"].gather(users)]
    is_old = data.user_table["age"].gather(users).to_numpy() > 50
    assert (fourths(best) == np.array(jobs)[:, None]).mean() > 0.97
    assert ((best % 15 >= 7) == is_old[:, None]).mean() > 0.8


def test_it_is_a_ridge_regression_of_likes_on_centred_attributes(data):
    attributes = user_attributes(data)
    taste = TasteMap.fit(data, attributes)
    fitted = np.flatnonzero(data.user_counts)
    likes = np.zeros((data.n_users, data.n_items))
    likes[data.users, data.items] = 1
    columns = attributes.values.toarray().astype(np.float64)
    means, shares = columns[fitted].mean(axis=0), likes[fitted].mean(axis=0)
    x, y = columns[fitted] - means, likes[fitted] - shares
    weights = np.linalg.solve(x.T @ x + 30 * np.eye(x.shape[1]), x.T @ y)
    users = cold(data)
    expected = (columns[users] - means) @ weights
    found = taste.deviations(users, 30)
    assert np.allclose(found, expected[:, taste.items], atol=1e-9)
    parts = taste.contributions(int(users[0]), taste.items, 30)
    assert np.allclose(parts.sum(axis=1), found[0], atol=1e-9)


def test_a_strong_ridge_is_popularity_and_no_weight_is_the_segment(data):
    users = cold(data)
    taste = TasteMap.fit(data, user_attributes(data))
    everyone = scores_of(data, users, reg=1e9)
    assert np.allclose(everyone, taste.popularity.everyone, rtol=1e-4)
    alone = scores_of(data, users, weight=0.0)
    for places, counts in taste.popularity.by_segment(users):
        assert np.array_equal(alone[places], np.tile(counts, (len(places), 1)))


def test_the_same_bits_twice(data):
    users = cold(data)
    assert scores_of(data, users).tobytes() == scores_of(cold_world(), users).tobytes()


def test_of_whom_nothing_is_known_everyone_speaks(data):
    table = data.user_table.with_columns(
        pl.when(pl.int_range(pl.len()) == data.n_users - 1)
        .then(None)
        .otherwise(pl.all())
        .name.keep()
    )
    without = replaced(data, user_table=table)
    attributes = user_attributes(without)
    assert not attributes.has_any[-1]
    assert attributes.has_any[:-1].all()
    taste = TasteMap.fit(without, attributes)
    assert not taste.deviations(np.array([without.n_users - 1], np.int32), 10).any()


class TestAttributes:
    def test_categories_are_one_hot_and_numbers_standardised_with_fifths(self, data):
        attributes = user_attributes(data)
        values = attributes.values.toarray()
        assert attributes.names == ("region", "job", "age")
        assert attributes.columns.count("job") == 4
        assert attributes.columns.count("age") == 6
        ages = values[:, np.array(attributes.columns) == "age"]
        assert abs(ages[:, 0].mean()) < 1e-6
        assert abs(ages[:, 0].std() - 1) < 1e-5
        assert (ages[:, 1:].sum(axis=1) == 1).all()
        jobs = values[:, np.array(attributes.columns) == "job"]
        assert (jobs.sum(axis=1) == 1).all()

    def test_rare_values_and_numbers_without_a_spread_are_left_out(self):
        data = cold_world(n_users=60, n_cold=0, n_events=600)
        table = data.user_table.with_columns(
            job=pl.Series(["rare", "rarer"] + ["usual"] * 58), age=pl.lit(30.0)
        )
        attributes = user_attributes(replaced(data, user_table=table))
        assert attributes.names == ("region", "job")
        assert attributes.columns.count("job") == 1

    @pytest.mark.parametrize("huge", [1e308, -1e308, 5e-324])
    def test_numbers_near_the_ends_of_floats(self, huge):
        data = cold_world(n_users=60, n_cold=0, n_events=600)
        ages = data.user_table["age"].to_list()
        ages[:2] = [huge, -huge]
        attributes = user_attributes(
            replaced(data, user_table=data.user_table.with_columns(age=pl.Series(ages)))
        )
        assert np.isfinite(attributes.values.toarray()).all()

    @pytest.mark.parametrize(
        ("columns", "more"),
        [(["region"], False), (["region", "job"], True), (["age"], True), ([], False)],
    )
    def test_a_segment_alone_is_what_the_fallback_has(self, data, columns, more):
        assert has_attributes(replaced(data, user_table=data.user_table.select(columns))) == more

    def test_nothing_to_learn_from(self, data):
        nobody = data.take(np.zeros(len(data), bool))
        taste = TasteMap.fit(nobody, user_attributes(nobody))
        assert not len(taste.items)
        assert np.isnan(scores_of(nobody, cold(data))).all()

    def test_without_a_frequent_value_there_is_no_column(self):
        few = dataset(
            pl.DataFrame(
                {
                    "user": ["a", "b"],
                    "item": ["x", "y"],
                    "time": [1, 2],
                    "weight": [1.0, 1.0],
                    "liked": [True, True],
                }
            ),
            None,
            pl.DataFrame({"id": ["a", "b"], "one": ["p", "q"], "two": ["r", "s"]}),
        )
        taste = TasteMap.fit(few, user_attributes(few))
        assert taste.attributes.names == ()
        assert taste.deviations(np.array([0, 1], np.int32), 1).shape == (2, 0)
