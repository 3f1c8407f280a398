"""Columns of priors: by hand, beside a loop, and never of what comes later."""

from dataclasses import replace

import numpy as np
import pytest

from fusion.data.histories import UserHistories
from fusion.data.priors import ItemPrior
from fusion.data.topk import Pairs
from fusion.ranking.candidates import Candidates
from fusion.ranking.features.compute import feature_columns, features_of
from fusion.ranking.features.item_statistics import ItemStatistics
from fusion.ranking.features.side_columns import is_prior_column, prior_column
from fusion.ranking.features.source_columns import ColumnKind, SourceColumn, source_column
from tests.fusion.making import dataset, frame_of, synthetic_interactions


def with_prior(data, in_history, concerned, name="mine"):
    names = data.item_ids.values
    flags = [names.is_in(list(items)).to_numpy() for items in (in_history, concerned)]
    return replace(data, priors=(*data.priors, ItemPrior(name, *flags)))


def column_of(data, block, items, name="mine"):
    """The prior's column (B, n) of the same items for every user of a block."""
    pairs = Pairs.from_lists(np.tile(np.asarray(items, np.int32), (len(block), 1)))
    nothing = np.ones((len(block) * len(items), 1), np.float32)
    candidates = Candidates(block, ("ease",), pairs, nothing, nothing, {}, {})
    columns = feature_columns(candidates, ItemStatistics(data))
    return columns[prior_column(name)].reshape(len(block), len(items))


@pytest.fixture(scope="module")
def shop():
    """Ann took a, b, c, and b again; bob took c; d is nobody's."""
    events = [("ann", "a", 0), ("ann", "b", 1), ("ann", "c", 2), ("ann", "b", 3), ("bob", "c", 4)]
    data = dataset(frame_of([*events, ("cid", "d", 5)]))
    return with_prior(data, ["b"], ["c", "d"])


def test_the_share_of_the_history_stands_at_items_that_are_meant(shop):
    block = shop.users_at(np.arange(2, dtype=np.int32), np.full(2, shop.as_of))
    column = column_of(shop, block, range(4))
    assert column.tolist() == [[0, 0, 0.5, 0.5], [0, 0, 0, 0]]


def test_whoever_has_no_history_is_not_meant(shop):
    nobody = UserHistories.unknown_user(shop.as_of, shop.n_items)
    assert column_of(shop, nobody, range(4)).tolist() == [[0, 0, 0, 0]]


def test_what_comes_later_moves_no_bit():
    whole = with_prior(
        dataset(synthetic_interactions(seed=3)),
        [f"i{number}" for number in range(0, 50, 3)],
        [f"i{number}" for number in range(1, 50, 2)],
    )
    moment = int(np.median(whole.times))
    known = whole.before(moment)
    users = np.arange(whole.n_users, dtype=np.int32)
    items = np.arange(whole.n_items, dtype=np.int32)
    column = column_of(known, known.users_at(users, np.full(len(users), moment)), items)
    prior = whole.priors[0]
    for user in users:
        past = [
            prior.in_history[item]
            for item, time, who in zip(whole.items, whole.times, whole.users, strict=True)
            if who == user and time < moment
        ]
        share = np.float32(sum(past) / len(past)) if past else 0
        assert column[user] == pytest.approx(np.where(prior.concerned, share, 0))


@pytest.mark.parametrize("kind", ColumnKind)
def test_no_prior_is_taken_for_a_column_of_a_source(kind):
    column = prior_column(f"old_{kind}")
    assert source_column(column) is None
    assert is_prior_column(column)
    assert not is_prior_column(SourceColumn("prior_share", kind).name)


def test_each_prior_has_its_column_in_order_and_its_words(shop):
    data = with_prior(shop, ["a"], ["d"], name="other")
    names = [feature.name for feature in features_of(data) if is_prior_column(feature.name)]
    assert names == [prior_column("mine"), prior_column("other")]
    words = {feature.name: feature.reason_text for feature in features_of(data)}
    assert words[prior_column("other")] == "of what they took, by the prior other"
