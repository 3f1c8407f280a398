"""Users of a table: those of a part have their own labels, and rows to leave out, and no more."""

from dataclasses import replace

import numpy as np
import pytest

from fusion.config import SplitSettings
from fusion.data.splitting.folds import plan_folds
from fusion.models.base.allowed import Allowed
from fusion.ranking.table_users import TableUsers
from tests.fusion.making import dataset, synthetic_interactions


@pytest.fixture(scope="module")
def users():
    data = dataset(synthetic_interactions(seed=3))
    plan = plan_folds(data, SplitSettings(kind="last", users=20, folds=2), seed=5)
    fold = plan.verdict
    fold = replace(fold, dropped=fold.known.take(fold.known.items % 3 == 0))
    return TableUsers.of(fold, Allowed(np.ones(data.n_items, bool)))


def owners(keys, users):
    return set((keys // users.fold.known.n_items).tolist())


def test_parts_make_up_the_whole(users):
    cuts = np.array_split(users.rows, 4)
    parts = [users.between(int(cut[0]), int(cut[-1])) for cut in cuts]
    for cut, part in zip(cuts, parts, strict=True):
        assert np.array_equal(part.rows, cut)
        assert owners(part.labels, users) == set(cut.tolist())
        # Users between two of the part may have taken such an item, and have no label.
        assert owners(part.left_out, users) <= set(range(cut[0], cut[-1] + 1))
    assert np.array_equal(np.concatenate([part.labels for part in parts]), users.labels)
    left_out = np.concatenate([part.left_out for part in parts])
    of_users = np.isin(users.left_out // users.fold.known.n_items, users.rows)
    assert set(users.left_out[of_users].tolist()) <= set(left_out.tolist())


def test_the_first_and_the_last_user_count(users):
    first, last = int(users.rows[0]), int(users.rows[-1])
    whole = users.between(first, last)
    assert np.array_equal(whole.rows, users.rows)
    assert np.array_equal(whole.labels, users.labels)
    assert users.between(last, last).rows.tolist() == [last]
