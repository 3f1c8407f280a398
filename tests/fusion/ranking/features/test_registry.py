"""Features are declared once, with a need that data can meet, and computed where it is met."""

import subprocess
import sys

import numpy as np
import polars as pl
import pytest

from fusion.data.capabilities import CAPABILITIES
from fusion.data.topk import Pairs
from fusion.errors import UnknownName
from fusion.ranking.candidates import Candidates
from fusion.ranking.features import registry
from fusion.ranking.features.compute import feature_columns
from fusion.ranking.features.item_statistics import ItemStatistics
from fusion.ranking.features.registry import FEATURES, FeatureBlock, feature
from tests.fusion.making import dataset, synthetic_interactions


@pytest.fixture
def own_features(monkeypatch):
    """A register of its own, so that a test's features are in no other test's table."""
    monkeypatch.setattr(registry, "FEATURES", [])
    monkeypatch.setattr("fusion.ranking.features.compute.FEATURES", registry.FEATURES)
    monkeypatch.setattr("fusion.ranking.features.source_columns.FEATURES", registry.FEATURES)


def candidates_of(data) -> Candidates:
    """All items of the first user, by one source that is silent on the last."""
    users = data.users_at(np.zeros(1, np.int32), data.last_times[:1])
    pairs = Pairs.from_lists(np.arange(data.n_items, dtype=np.int32)[None, :])
    scores = np.arange(data.n_items, dtype=np.float32)[:, None]
    scores[-1] = np.nan
    return Candidates(users, ("ease",), pairs, scores, scores, {}, {})


def _years(block: FeatureBlock) -> np.ndarray:
    return block.statistics.data.item_table["year"].to_numpy()[block.items]


def test_an_unknown_need_is_an_error_where_the_feature_is_declared():
    before = list(FEATURES)
    with pytest.raises(UnknownName, match="need of feature 'year'"):
        feature("year", "the item's year", needs={"number"})
    assert before == FEATURES


def test_every_declared_need_is_a_capability_and_every_name_stands_once():
    assert set().union(*(one.needs for one in FEATURES)) <= set(CAPABILITIES)
    assert len({one.name for one in FEATURES}) == len(FEATURES)


@pytest.mark.usefixtures("own_features")
def test_a_feature_that_needs_numbers_is_computed_where_items_have_numbers():
    feature("year", "the item's year", needs={"numbers"})(_years)
    events = synthetic_interactions(seed=3, n_users=4, n_items=6, n_events=40)
    plain = dataset(events)
    items = pl.DataFrame({"id": events["item"].unique(maintain_order=True)})
    dated = dataset(events, items.with_row_index("year", 1990))
    without = feature_columns(candidates_of(plain), ItemStatistics(plain))
    columns = feature_columns(candidates_of(dated), ItemStatistics(dated))
    assert "year" not in without
    assert columns["year"].dtype == np.float32
    assert columns["year"].tolist() == dated.item_table["year"].to_list()


@pytest.mark.usefixtures("own_features")
@pytest.mark.parametrize(("has_times", "has_years"), [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_a_feature_with_two_needs_is_computed_only_where_both_are_met(has_times, has_years):
    feature("year", "the item's year", needs={"numbers", "times"})(_years)
    events = synthetic_interactions(seed=3, n_users=4, n_items=6, n_events=40)
    items = pl.DataFrame({"id": events["item"].unique(maintain_order=True)})
    catalogue = items.with_row_index("year", 1990) if has_years else items
    data = dataset(events if has_times else events.drop("time"), catalogue)
    columns = feature_columns(candidates_of(data), ItemStatistics(data))
    assert ("year" in columns) == (has_times and has_years)


def test_every_module_that_declares_features_is_known_from_the_start():
    """One that only a test imports would be in no table of a run, and in some of a suite."""
    code = (
        "import pkgutil, fusion.ranking.features as room\n"
        "from importlib import import_module\n"
        "from fusion.ranking.features.registry import FAMILIES, FEATURES\n"
        "before = [*FEATURES, *FAMILIES]\n"
        "for module in pkgutil.iter_modules(room.__path__, room.__name__ + '.'):\n"
        "    import_module(module.name)\n"
        "assert [*FEATURES, *FAMILIES] == before, (FEATURES, FAMILIES)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
