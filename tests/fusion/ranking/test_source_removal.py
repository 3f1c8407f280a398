"""A table without some of its sources, against the table that the others make alone."""

import numpy as np
import pytest

from fusion.core.parallel import BlockBudget
from fusion.data.splitting.folds import plan_folds
from fusion.models.base.allowed import Allowed
from fusion.ranking.source_removal import without_sources
from fusion.ranking.table_file import read_table, write_table
from fusion.ranking.table_users import TableUsers
from tests.fusion.making import config, dataset, fitted, item_frame, synthetic_interactions

SOURCES = ("popularity", "ease", "item_knn", "category")


@pytest.fixture(scope="module")
def table_of(tmp_path_factory):
    data = dataset(synthetic_interactions(), item_frame())
    fold = plan_folds(data, config().split, seen=False, seed=0).verdict
    sources = [fitted(use, fold.known, k=5) for use in SOURCES]
    everything = Allowed(np.ones(fold.known.n_items, bool))

    def table_of(names):
        folder = tmp_path_factory.mktemp("table")
        chosen = [source for source in sources if source.name in names]
        write_table(folder, chosen, TableUsers.of(fold, everything), BlockBudget(2**20, 1))
        return read_table(folder)

    return table_of


@pytest.mark.parametrize("removed", [("ease",), ("popularity", "category"), ("item_knn",)])
def test_removal_equals_a_table_made_without(table_of, removed):
    alone = table_of(set(SOURCES) - set(removed))
    remaining = without_sources(table_of(SOURCES), removed)
    assert remaining.columns == alone.columns
    np.testing.assert_array_equal(remaining.items, alone.items)
    np.testing.assert_array_equal(remaining.group_users, alone.group_users)
    np.testing.assert_array_equal(remaining.labels, alone.labels)
    np.testing.assert_allclose(remaining.matrix, alone.matrix, rtol=1e-4, atol=1e-4)
