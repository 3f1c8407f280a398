"""The training set: users with labels, every label, and a fair share of the rest of too much."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fusion.core.hashing import shares
from fusion.data.splitting.fold import Fold
from fusion.data.splitting.folds import plan_folds
from fusion.errors import DataError
from fusion.evaluation.judged_lists import read_scored_table
from fusion.ranking.ranker_training import refit
from fusion.ranking.sampling import (
    HISTORY_COLUMN,
    MAX_NEGATIVES,
    MIN_NEGATIVES,
    TABLE_SALT,
    limit_training_users,
    read_training_set,
    read_validation_lists,
    training_set_rows,
)
from fusion.ranking.table import RankingTable
from fusion.ranking.table_file import read_table
from tests.fusion.making import DAY, START, config, dataset, frame_of, synthetic_interactions
from tests.fusion.ranking import test_ranker


def table(n_users: int = 40, each: int = 12, seed: int = 0, start: int = 0) -> RankingTable:
    """Candidates of users who all have a history."""
    full = test_ranker.table(n_users, each, seed, start=start)
    ones = np.ones((len(full.items), 1), np.float32)
    return replace(
        full, columns=(*full.columns, HISTORY_COLUMN), matrix=np.hstack([full.matrix, ones])
    )


def stored(folder, full: RankingTable, rows_each: int):
    """A table as stages write it: users whole, in row groups."""
    columns = {"user": full.users, "item": full.items, "label": full.labels}
    columns |= {name: full.matrix[:, at] for at, name in enumerate(full.columns)}
    folder.mkdir()
    pq.write_table(pa.table(columns), folder / "table.parquet", row_group_size=rows_each)
    return folder


def without_labels(full: RankingTable) -> RankingTable:
    full.labels[:] = 0
    return full


def test_users_without_a_label_among_their_candidates_are_dropped_whole():
    full = table()
    [rows] = training_set_rows([full], 10**6, 7)
    for user, lo, hi in zip(full.group_users, full.borders, full.borders[1:], strict=False):
        assert rows[lo:hi].all() == rows[lo:hi].any() == full.labels[lo:hi].any(), user
    assert 0 < rows.sum() < len(rows)


def test_users_without_a_history_teach_nothing():
    full = table()
    cold = full.group_users % 2 == 0
    full.matrix[:, 2] = np.repeat(~cold, full.sizes)
    [rows] = training_set_rows([full], 10**6, 7)
    [others] = training_set_rows([full.take(~cold)], 10**6, 7)
    assert not rows[np.repeat(cold, full.sizes)].any()
    assert others.any()
    assert np.array_equal(rows[np.repeat(~cold, full.sizes)], others)
    full.matrix[:, 2] = 0.0
    with pytest.raises(DataError, match="nothing for a ranker to learn from"):
        training_set_rows([full], 10**6, 7)


def test_nothing_to_learn_is_said():
    with pytest.raises(DataError, match="no source proposed any held-out item"):
        training_set_rows([without_labels(table()), without_labels(table())], 10**6, 7)


def wide(n_users: int, seed: int) -> RankingTable:
    """Users with 200 to 400 candidates, a few of them labels."""
    full = table(n_users, each=400, seed=seed)
    full.labels[:] = full.matrix[:, 0] > 2.3
    return full


def test_too_many_candidates_are_thinned_within_users_and_no_label_is_lost():
    tables = [wide(60, 0), wide(50, 1)]
    rows = training_set_rows(tables, 8000, 7)
    kept = sum(int(each.sum()) for each in rows)
    assert 0.9 * 8000 < kept < 1.1 * 8000
    fair = (8000 - sum(int(full.labels.sum()) for full in tables)) / 110
    for full, each in zip(tables, rows, strict=True):
        assert each[full.labels > 0].all()
        labels = np.add.reduceat(full.labels, full.borders[:-1])
        others = (np.add.reduceat(each, full.borders[:-1], dtype=int) - labels)[labels > 0]
        assert len(others) > 45
        assert np.mean(others) == pytest.approx(fair, rel=0.1)
        assert min(others) > fair / 4


def test_a_user_keeps_at_most_so_many_candidates_beside_labels():
    full = wide(60, 0)
    [rows] = training_set_rows([full], 10**6, 7)
    labels = np.add.reduceat(full.labels, full.borders[:-1])
    others = (np.add.reduceat(rows, full.borders[:-1], dtype=int) - labels)[labels > 0]
    assert rows[(full.labels > 0)].all()
    assert np.mean(others) == pytest.approx(MAX_NEGATIVES, rel=0.1)


def test_where_even_few_candidates_each_are_too_many_users_are_left_out():
    full = wide(300, 0)
    [rows] = training_set_rows([full], 3000, 7)
    assert 0.7 * 3000 < rows.sum() < 1.3 * 3000
    mine = np.add.reduceat(rows, full.borders[:-1], dtype=int)
    labels = np.add.reduceat(full.labels, full.borders[:-1])
    there = mine > 0
    assert 0.2 < there.mean() < 0.5
    assert np.array_equal(
        np.add.reduceat(rows & (full.labels > 0), full.borders[:-1], dtype=int)[there],
        labels[there],
    )
    assert np.mean((mine - labels)[there]) == pytest.approx(MIN_NEGATIVES, rel=0.15)


@pytest.mark.parametrize("max_rows", [10**6, 500])
def test_reading_what_teaches_is_reading_all_and_leaving_out_the_rest(tmp_path, max_rows):
    full = [table(200, seed=0, start=5), without_labels(table(20, seed=3)), table(100, seed=1)]
    folders = [stored(tmp_path / str(at), one, rows_each=333) for at, one in enumerate(full)]
    for folder, one in zip(folders, full, strict=True):
        assert np.array_equal(read_table(folder).matrix, one.matrix)
    training_set = read_training_set(folders, max_rows, 7)
    rows = training_set_rows(full, max_rows, 7)
    assert not rows[1].any()
    for one, other, kept in zip(training_set, (full[0], full[2]), (rows[0], rows[2]), strict=True):
        assert one.columns == other.columns
        assert np.array_equal(one.users, other.users[kept])
        for name in ("items", "labels", "matrix"):
            assert np.array_equal(getattr(one, name), getattr(other, name)[kept]), name


def test_whole_lists_are_watched_of_the_same_folds_and_no_more_than_asked(tmp_path):
    full = [wide(800, 0), without_labels(table(20, seed=3)), wide(400, 1), wide(600, 2)]
    folders = [stored(tmp_path / str(at), one, rows_each=333) for at, one in enumerate(full)]
    n_rows = 60_000
    assert len(read_training_set(folders, n_rows, 7)) == 3
    for newest, folds in ((1, full[3:]), (2, full[2:]), (3, [full[0], *full[2:]])):
        validation = read_validation_lists(folders, n_rows, 7, newest)
        assert len(validation) == newest
        assert sum(len(one.items) for one in validation) == pytest.approx(n_rows, rel=0.25)
        for one, all_of_it in zip(validation, folds, strict=True):
            assert np.array_equal(
                one.sizes, all_of_it.sizes[np.isin(all_of_it.group_users, one.group_users)]
            )
            assert (np.add.reduceat(one.labels, one.borders[:-1]) > 0).all()
    [all_of_it] = read_validation_lists(folders[:1], 1, 7, 1)
    has_label = np.add.reduceat(full[0].labels, full[0].borders[:-1]) > 0
    assert np.array_equal(all_of_it.group_users, full[0].group_users[has_label])


def test_reading_what_judges_is_reading_all_and_scoring_it(tmp_path):
    full = table()
    named = replace(full, columns=("blend", "als_z", HISTORY_COLUMN))
    ranker = refit([named], test_ranker.SETTINGS, 5, 7, 1)
    scored = read_scored_table(stored(tmp_path / "one", named, rows_each=13), ranker)
    assert scored.columns == ("ranker", "blend", "als_z")
    assert np.array_equal(
        scored.matrix, np.column_stack([ranker.score(named.matrix), named.matrix[:, :2]])
    )
    for name in ("group_users", "sizes", "items", "labels"):
        assert np.array_equal(getattr(scored, name), getattr(named, name))


def test_reading_what_teaches_never_leaves_nothing(tmp_path):
    assert len(
        read_training_set([stored(tmp_path / "table", table(3, seed=2), 100)], 1, 7)[0].items
    )


def test_what_another_fold_of_a_random_split_holds_out_is_kept_no_more_often_than_the_rest():
    """Random folds are drawn by a hash of seed, user and item.

    Thinning by the same hash would keep all that the first fold holds out.
    """
    full = wide(200, 0)
    full.items[:] = np.arange(len(full.items))
    [rows] = training_set_rows([full], 12_000, 7)
    others = (full.labels == 0) & np.repeat(
        np.add.reduceat(full.labels, full.borders[:-1]) > 0, full.sizes
    )
    held_elsewhere = shares(7, full.users, full.items) < 0.1
    assert rows[others & held_elsewhere].mean() == pytest.approx(
        rows[others & ~held_elsewhere].mean(), rel=0.1
    )


def label_fold(n_users: int, cold: int) -> Fold:
    """Every user has a label; the first `cold` of them have no history."""
    rows = [(f"u{user}", "x", 1.0) for user in range(cold, n_users)]
    rows += [(f"u{user}", item, 9.0) for user in range(n_users) for item in ("y", "z")]
    data = dataset(frame_of(rows))
    known = data.before(START + 5 * DAY)
    later = slice(len(known), len(data))
    return Fold(
        "label-1", known, np.full(n_users, START), START, data.users[later], data.items[later]
    )


def test_tables_are_made_of_those_who_may_teach():
    fold = label_fold(600, 100)
    warm = np.flatnonzero(fold.known.user_counts)
    everyone = limit_training_users(fold, 10**6, 3, 7)
    assert np.array_equal(everyone.label_rows, warm)
    assert len(everyone.label_users) == 1000
    some = limit_training_users(fold, 3 * MIN_NEGATIVES * 100, 3, 7)
    assert 70 < len(some.label_rows) < 130
    assert len(some.label_users) == 2 * len(some.label_rows)
    assert set(some.label_rows) < set(warm)


def test_leaving_users_out_early_leaves_about_as_much_to_teach():
    """The share of those with a table that teaches is the larger: the two draws multiply."""
    full, most = wide(2000, 0), 9000
    [rows] = training_set_rows([full], most, 7)
    early = full.take(shares(7 + TABLE_SALT, full.group_users) < most / (MIN_NEGATIVES * 2000))
    [fewer] = training_set_rows([early], most, 7)
    assert fewer.sum() == pytest.approx(rows.sum(), rel=0.15)


def test_however_small_the_table_somebody_may_teach():
    fold = plan_folds(dataset(synthetic_interactions(seed=3)), config().split).labels[-1]
    kept = [limit_training_users(fold, 1, 12, seed).label_rows for seed in range(20)]
    assert {len(users) for users in kept} == {1}
    assert len({int(users[0]) for users in kept}) > 1
