"""The ranker and its tables: whole users, folds apart, the same seed the same scores."""

import json

import lightgbm as lgb
import numpy as np
import pytest

from fusion.config import RankerSettings
from fusion.core.hashing import shares
from fusion.ranking.lightgbm_inputs import (
    lightgbm_dataset,
    lightgbm_parameters,
    resolve_defaults,
)
from fusion.ranking.ranker import Ranker
from fusion.ranking.ranker_training import n_validation_folds, refit, train_ranker
from fusion.ranking.table import RankingTable, aligned, merge, poisson_resample
from fusion.ranking.table_file import SOURCE_LISTS, pad, read_lists, read_table
from fusion.ranking.tree_count import stopping_splits

SETTINGS = RankerSettings(trees=40, patience=10, min_leaf=5, seeds=2, leaves=7, learning_rate=0.05)


FOLDS = ((600, 0), (600, 300))


def table(
    n_users: int = 40,
    each: int = 12,
    seed: int = 0,
    columns: tuple[str, ...] = ("good", "noise"),
    start: int = 0,
    blur: float = 0.0,
) -> RankingTable:
    """Candidates whose label follows the column "good", half of `each` to `each` of them a user."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(each // 2, each, size=n_users).astype(np.int32)
    total = int(sizes.sum())
    matrix = rng.standard_normal((total, len(columns))).astype(np.float32)
    if "good" in columns:
        labels = (
            matrix[:, columns.index("good")] + blur * rng.standard_normal(total) > 1.0
        ).astype(np.int32)
    else:
        labels = (rng.random(total) < 0.2).astype(np.int32)
    users = np.arange(start, start + n_users, dtype=np.int32)
    return RankingTable(
        columns, users, sizes, rng.integers(99, size=total).astype(np.int32), labels, matrix
    )


def test_the_same_user_at_the_border_of_two_folds_stays_two_groups():
    one, two = table(3), table(3, seed=1, start=2)
    assert one.group_users[-1] == two.group_users[0]
    merged = merge([one, two])
    assert merged.sizes.tolist() == one.sizes.tolist() + two.sizes.tolist()
    assert merged.group_users.tolist() == [0, 1, 2, 2, 3, 4]
    assert np.array_equal(merged.matrix, np.concatenate([one.matrix, two.matrix]))


def test_merge_takes_the_newest_columns_and_leaves_holes_where_an_old_fold_lacks_them():
    old, new = table(3, columns=("noise", "gone")), table(3, columns=("good", "noise"))
    merged = merge([old, new])
    assert merged.columns == ("good", "noise")
    n = len(old.items)
    assert np.isnan(merged.matrix[:n, 0]).all()
    assert np.array_equal(merged.matrix[:n, 1], old.matrix[:, 0])
    assert np.array_equal(merged.matrix[n:], new.matrix)
    assert aligned(new, new.columns) is new.matrix


@pytest.mark.parametrize("folds", [1, 2, 3])
def test_it_learns_what_decides_with_one_fold_and_with_more(folds):
    tables = [table(60, seed=n) for n in range(folds)]
    ranker, trees = train_ranker(tables, tables, SETTINGS, 7, 1)
    fresh = table(60, seed=99)
    scores = ranker.score(fresh.matrix)
    hit = [
        fresh.labels[lo:hi][scores[lo:hi].argmax()]
        for lo, hi in zip(fresh.borders, fresh.borders[1:], strict=False)
        if fresh.labels[lo:hi].any()
    ]
    assert np.mean(hit) > 0.95
    assert {booster.num_trees() for booster in ranker.boosters} == {trees}
    assert ranker.importance()["good"] > 0.8
    assert sum(ranker.importance().values()) == pytest.approx(1)


def test_who_is_watched_of_one_fold_is_drawn_apart_from_who_may_teach():
    everyone = table(600)
    some = everyone.take(shares(7, everyone.group_users) < 0.15)
    [split] = stopping_splits([some], [some], 7)
    assert 0 < split.validation.n_users < split.training.n_users
    assert not set(split.training.group_users) & set(split.validation.group_users)


def upside_down(one: RankingTable) -> RankingTable:
    return RankingTable(
        *(getattr(one, n) for n in ("columns", "group_users", "sizes", "items", "labels")),
        -one.matrix,
    )


def test_folds_that_contradict_one_another_stop_early():
    """Where one fold contradicts the other, no tree helps, so few are all there is."""
    older, newer = table(100, blur=0.8), table(100, seed=1, blur=0.8)
    _, steady = train_ranker([older, newer], [older, newer], SETTINGS, 7, 1)
    against = [older, upside_down(table(100, seed=5))]
    _, turned = train_ranker(against, against, SETTINGS, 7, 1)
    assert turned < steady


def test_of_large_tables_only_the_newest_fold_is_watched(monkeypatch):
    older, newer = table(100, blur=0.8), table(100, seed=1, blur=0.8)
    odd = [upside_down(table(20, seed=5)), older, newer]
    assert n_validation_folds(odd) == 3
    _, by_all = train_ranker(odd, odd, SETTINGS, 7, 1)
    monkeypatch.setattr("fusion.ranking.lightgbm_inputs.SMALL_DATA_USERS", 100)
    assert n_validation_folds(odd) == 1
    _, by_newest = train_ranker(odd, odd[-1:], SETTINGS, 7, 1)
    _, swapped = train_ranker([newer, older, odd[0]], odd[:1], SETTINGS, 7, 1)
    assert swapped < by_newest
    assert by_all != swapped


def test_more_users_get_as_many_more_trees_up_to_the_limit(monkeypatch):
    monkeypatch.setattr("fusion.ranking.ranker_training.best_n_trees", lambda curves, users: 10)
    monkeypatch.setattr("fusion.ranking.lightgbm_inputs.SMALL_DATA_USERS", 0)
    folds = [table(60, seed=n) for n in range(3)]
    assert train_ranker(folds, folds, SETTINGS, 7, 1)[1] == 15
    assert train_ranker(folds, folds, SETTINGS.model_copy(update={"trees": 12}), 7, 1)[1] == 12
    [split] = stopping_splits(folds[:1], folds[:1], 7)
    assert train_ranker(folds[:1], folds[:1], SETTINGS, 7, 1)[1] == round(
        10 * 60 / split.training.n_users
    )


@pytest.mark.parametrize(
    ("best", "step", "trees"), [(80, 0.05, 120), (20, 0.05, 60), (180, 0.05, 180), (160, 0.1, 120)]
)
def test_of_few_users_trees_are_drawn_half_way_to_what_is_typical(monkeypatch, best, step, trees):
    monkeypatch.setattr("fusion.ranking.ranker_training.best_n_trees", lambda curves, users: best)
    folds = [table(60, seed=n) for n in range(3)]
    settings = SETTINGS.model_copy(update={"trees": 600, "learning_rate": step})
    assert train_ranker(folds, folds, settings, 7, 1)[1] == trees


def test_the_same_seed_gives_the_same_scores_and_a_file_keeps_every_bit(tmp_path):
    tables = [table(60), table(60, seed=1)]
    one, trees = train_ranker(tables, tables, SETTINGS, 7, 1)
    two, same = train_ranker(tables, tables, SETTINGS, 7, 1)
    fresh = table(30, seed=9).matrix
    fresh[::7, 0] = np.nan
    assert trees == same
    assert np.array_equal(one.score(fresh), two.score(fresh))
    one.save(tmp_path)
    loaded = Ranker.load(tmp_path)
    assert loaded.columns == one.columns
    assert np.array_equal(loaded.score(fresh), one.score(fresh))
    assert json.loads((tmp_path / "columns.json").read_text()) == ["good", "noise"]


def test_boosters_that_share_binned_data_are_those_that_bin_it_each(monkeypatch):
    """Data is binned once for all seeds; more rows than bins are drawn from are another matter."""
    tables = [table(each=30, blur=0.5)]
    constructed = []
    construct = lgb.Dataset.construct
    monkeypatch.setattr(
        lgb.Dataset, "construct", lambda data: constructed.append(id(data)) or construct(data)
    )
    shared = refit(tables, SETTINGS, 20, 7, 2)
    assert len(set(constructed)) == 1
    merged = merge(tables)
    resolved = resolve_defaults(SETTINGS, tables)
    for index, booster in enumerate(shared.boosters):
        alone = lgb.train(lightgbm_parameters(resolved, 7 + index, 1), lightgbm_dataset(merged), 20)
        assert np.array_equal(booster.predict(merged.matrix), alone.predict(merged.matrix))


def test_another_seed_gives_another_ranker():
    wide = [table(60, columns=("good", *"abcdefg"))]
    scores = [refit(wide, SETTINGS, 20, seed, 1).score(wide[0].matrix) for seed in (7, 8)]
    assert not np.array_equal(*scores)


def test_users_drawn_anew_are_whole_and_give_another_ranker_where_the_seed_alone_does_not():
    whole = table(60, columns=("good", *"abcdefg"))
    resampled = poisson_resample(whole, 7)
    assert 40 < len(resampled.sizes) < 80
    assert 25 < len(set(resampled.group_users.tolist())) < 50
    for user, lo, hi in zip(
        resampled.group_users, resampled.borders, resampled.borders[1:], strict=False
    ):
        own = whole.users == user
        assert np.array_equal(resampled.matrix[lo:hi], whole.matrix[own])
        assert resampled.items[lo:hi].tolist() == whole.items[own].tolist()
        assert resampled.labels[lo:hi].tolist() == whole.labels[own].tolist()
    assert np.array_equal(poisson_resample(whole, 7).matrix, resampled.matrix)
    all_columns = SETTINGS.model_copy(update={"columns_share": 1.0})
    scores = [
        refit([one], all_columns, 20, seed, 1).score(whole.matrix)
        for one, seed in ((whole, 7), (whole, 8))
    ]
    assert np.array_equal(*scores)
    assert not np.array_equal(
        scores[0], refit([resampled], all_columns, 20, 8, 1).score(whole.matrix)
    )
    empty = whole.take(np.zeros(60, bool))
    assert len(poisson_resample(empty, 7).items) == 0


def test_users_are_drawn_anew_as_often_in_every_fold():
    often = [
        np.bincount(poisson_resample(table(n, start=start), 7).group_users, minlength=900)
        for n, start in FOLDS
    ]
    shared = slice(300, 600)
    assert np.array_equal(often[0][shared], often[1][shared])
    counts = np.bincount(often[0][:600], minlength=3) / 600
    assert counts[:3] == pytest.approx([0.368, 0.368, 0.184], abs=0.05)
    one = table(1)
    assert all(len(poisson_resample(one, seed).sizes) for seed in range(20))


def test_many_files_load_in_their_order(tmp_path):
    ranker = refit([table()], RankerSettings(trees=2, seeds=12, min_leaf=5), 2, 7, 1)
    ranker.save(tmp_path)
    loaded = Ranker.load(tmp_path)
    assert [b.model_to_string() for b in loaded.boosters] == [
        b.model_to_string() for b in ranker.boosters
    ]


def test_tables_too_small_or_flat_to_split_still_give_a_ranker():
    one = table(1, each=4)
    one.labels[0] = 1
    flat = table()
    flat.matrix[:] = 1
    silent = table()
    silent.matrix[:] = np.nan
    for odd in (one, flat, silent):
        ranker, trees = train_ranker([odd], [odd], SETTINGS, 7, 1)
        assert trees >= 1
        assert len(set(ranker.score(odd.matrix).tolist())) == 1
    assert len(ranker.score(one.matrix[:0])) == 0


def test_padding_and_reading_of_nothing(tmp_path):
    lists = np.array([[3, 1, 2]], np.int32)
    assert pad(lists, 5).tolist() == [[3, 1, 2, -1, -1]]
    assert pad(lists, 2).tolist() == [[3, 1]]
    np.savez(
        tmp_path / "lists.npz",
        users=np.arange(1),
        **{SOURCE_LISTS.key("als"): lists, SOURCE_LISTS.key("users"): lists + 1},
    )
    users, lists_by_source = read_lists(tmp_path)
    assert (users.tolist(), {name: one.tolist() for name, one in lists_by_source.items()}) == (
        [0],
        {"als": [[3, 1, 2]], "users": [[4, 2, 3]]},
    )
    import pyarrow as pa
    import pyarrow.parquet as pq

    none = {name: pa.array([], pa.int32()) for name in ("user", "item", "label")}
    pq.write_table(pa.table({**none, "x": pa.array([], pa.float32())}), tmp_path / "table.parquet")
    empty = read_table(tmp_path)
    assert (empty.columns, len(empty.items), empty.borders.tolist()) == (("x",), 0, [0])
