"""Label folds with items that are as if new: the same bits as a world in which nobody took them."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from fusion.data.id_map import IdMap, draws
from fusion.data.splitting.as_if_new import treat_as_new
from fusion.data.splitting.earlier import begins_from
from fusion.errors import FusionError
from fusion.lists.business_rules.compiled_rules import AllowList, Rules
from fusion.ranking.table_file import read_table
from fusion.training.fit_stage import Fit, fit_stage
from fusion.training.fits import fit_sources
from fusion.training.new_items.as_if_new import (
    DROPPED,
    learn_new_items,
    new_label_share,
)
from fusion.training.new_items.defaults import DEFAULTS
from fusion.training.pipeline import train
from fusion.training.source_fits import load_sources
from fusion.training.table_stage import TableInputs, table_stage
from tests.fusion.making import (
    columns_by_pair,
    config,
    context_of,
    dataset,
    item_frame,
    synthetic_interactions,
    user_frame,
)

TEXTS = {"name": "content", "settings": {"encoder": "tfidf"}, "k": 8}
SOURCES = ("popularity", "item_knn", TEXTS)
LATE = 12
"""Items of the world below that appear in its last third, so that label folds have new ones."""


def world(late: bool = True):
    """Interactions in which some items appear late, or with none after the first appearances."""
    frame = synthetic_interactions(seed=3)
    if late:
        of_late = pl.col("item").is_in([f"i{item}" for item in range(50 - LATE, 50)])
        frame = frame.filter(~of_late | (pl.col("time") > frame["time"].quantile(0.6)))
    else:
        first = frame.filter(pl.col("time") < frame["time"].quantile(0.4))["item"].unique()
        frame = frame.filter(pl.col("item").is_in(first.implode()))
    return dataset(frame, item_frame(), user_frame())


def context(root, data, sources=SOURCES, folds=2):
    split = {"kind": "time", "window": 7, "users": 20, "folds": folds}
    return context_of(root, data, config(sources, split=split))


@pytest.fixture(scope="module")
def learning(tmp_path_factory):
    plain = context(tmp_path_factory.mktemp("new"), world())
    return plain, learn_new_items(plain)


def test_nobody_has_taken_dropped_items_and_their_labels_stay(learning):
    plain, made = learning
    assert new_label_share(plain.plan.labels) > DEFAULTS.min_label_share
    dropped = draws(plain.data.item_ids, plain.config.seed, DROPPED) < DEFAULTS.dropped_share
    assert 2 <= dropped.sum() <= 12
    n_labels = 0
    for before, after in zip(plain.plan.labels, made.plan.labels, strict=True):
        assert before.known.item_counts[dropped].sum() > 0
        assert (after.known.item_counts == np.where(dropped, 0, before.known.item_counts)).all()
        assert (after.label_items == before.label_items).all()
        n_labels += int(dropped[after.label_items].sum())
    assert n_labels > 0, "the ranker sees dropped items that were liked"
    assert (made.plan.verdict, made.plan.serving) == (plain.plan.verdict, plain.plan.serving)


def test_deleting_dropped_items_from_the_data_moves_no_bit(learning, tmp_path):
    plain, made = learning
    dropped = draws(plain.data.item_ids, plain.config.seed, DROPPED) < DEFAULTS.dropped_share
    users = np.arange(plain.data.n_users, dtype=np.int32)
    for index, fold in enumerate(made.plan.labels):
        data = plain.data
        # What happened later is held out, and stays.
        without = data.take((data.times >= fold.cut) | ~dropped[data.items])
        other = context(tmp_path / str(index), without)
        deleted = other.plan.labels[index]
        assert deleted.cut == fold.cut
        tables = []
        for run, its_fold in ((made, fold), (other, deleted)):
            fits = replace(fit_sources(run, [its_fold]), k_new=DEFAULTS.candidates)
            sources = load_sources(fits.on(its_fold), run.runtime)
            allowed = run.allowed(its_fold.cut)
            tables.append(columns_by_pair(sources, its_fold, users, allowed))
        assert tables[0] == tables[1]
        new_ids = set(data.item_ids.texts(np.flatnonzero(dropped)))
        assert any(item in new_ids for _, item in tables[0]), "dropped items are candidates"


def test_whoever_had_taken_a_dropped_item_has_no_row_of_it(learning):
    _, made = learning
    folds = made.plan.labels
    fits = fit_sources(made, folds)
    n_kept = 0
    for fold in folds:
        taken = set(zip(fold.dropped.users.tolist(), fold.dropped.items.tolist(), strict=True))
        folder = made.runtime.run(table_stage(TableInputs.of(made, fits, fold)))
        table = read_table(folder)
        rows = set(zip(table.users.tolist(), table.items.tolist(), strict=True))
        assert not rows & taken
        without = replace(fold, dropped=None)
        whole = read_table(made.runtime.run(table_stage(TableInputs.of(made, fits, without))))
        kept = np.array([pair not in taken for pair in zip(whole.users, whole.items, strict=True)])
        assert not kept.all()
        assert np.array_equal(table.matrix, whole.matrix[kept], equal_nan=True)
        assert (table.labels == whole.labels[kept]).all()
        is_new = fold.known.item_counts[table.items] == 0
        n_kept += int((table.labels[is_new] > 0).sum())
    assert n_kept > 0, "labels of items that are as if new stay"


def test_without_new_items_or_a_source_of_them_nothing_changes(tmp_path):
    known = context(tmp_path, world(late=False))
    assert new_label_share(known.plan.labels) < DEFAULTS.min_label_share
    assert learn_new_items(known) is known
    silent = context(tmp_path, world(), ("popularity", "item_knn"))
    assert learn_new_items(silent) is silent
    fits = fit_sources(silent, silent.plan.labels)
    assert {source.k_new for source in fits.on(silent.plan.labels[0])} == {0}


def test_an_allow_list_of_new_items_makes_them_matter(tmp_path):
    frame = synthetic_interactions(seed=3)
    early = frame.filter(pl.col("time") < frame["time"].quantile(0.4))["item"].unique().sort()
    taken = frame.filter(pl.col("item").is_in(early[3:].implode()))
    known = context(tmp_path, dataset(taken, item_frame(), user_frame()))
    is_new = known.plan.serving.known.item_counts == 0
    assert is_new.sum() >= 3
    assert new_label_share(known.plan.labels) < DEFAULTS.min_label_share

    def allowing(items):
        everyone = np.ones(known.data.n_users, bool)
        return replace(Rules.none(known.data), allow=(AllowList((), None, everyone, items),))

    asked = learn_new_items(known, allowing(is_new))
    assert [fold.dropped is not None for fold in asked.plan.labels] == [True] * len(
        known.plan.labels
    )
    assert learn_new_items(known, allowing(~is_new)) is known
    assert learn_new_items(known, allowing(np.ones_like(is_new))) is known
    assert learn_new_items(known, allowing(np.zeros_like(is_new))) is known


def test_a_source_that_cannot_take_part_makes_nothing_new(tmp_path):
    no_texts = dataset(synthetic_interactions(seed=3))
    made = context(tmp_path, no_texts)
    assert learn_new_items(made) is made


def test_new_items_are_candidates_of_sources_that_score_them(learning):
    _, made = learning
    fold = made.plan.labels[-1]
    fits = fit_sources(made, [fold])
    by_name = {source.name: source for source in load_sources(fits.on(fold), made.runtime)}
    assert by_name["item_knn"].new_items is None
    assert by_name["random"].new_items is None
    content = by_name["content"]
    is_new = fold.known.item_counts == 0
    assert (content.new_items == is_new).all()
    users = fold.known.users_at(fold.label_rows, fold.as_of[fold.label_rows])
    allowed = made.allowed(fold.cut)
    best = content.top(users, content.k, allowed)
    proposed = content.proposals(users, allowed)
    assert (proposed.items[:, : content.k] == best.items).all()
    every = content.top(users, made.data.n_items, allowed)
    for row in range(len(users)):
        ranked = [item for item in every.items[row] if item >= 0 and is_new[item]]
        further = [item for item in proposed.items[row, content.k :] if item >= 0]
        wanted = ranked[: DEFAULTS.candidates]
        assert further == [item for item in wanted if item not in best.items[row]]


def test_draws_follow_the_id_whatever_its_row():
    ids = IdMap(pl.Series("id", [f"i{n}" for n in range(2000)]))
    backwards = IdMap(ids.values.reverse())
    one = draws(ids, 7, DROPPED)
    assert (one == draws(backwards, 7, DROPPED)[::-1]).all()
    assert (one != draws(ids, 8, DROPPED)).all()
    assert abs((one < 0.1).mean() - 0.1) < 0.03


def test_a_warm_fit_may_go_on_from_a_fold_with_items_as_if_new(learning):
    plain, made = learning
    label, verdict = made.plan.labels[-1], made.plan.verdict
    assert begins_from(label, verdict)
    assert begins_from(made.plan.labels[0], label)
    assert not begins_from(verdict, label)
    everything = treat_as_new(made.plan.serving, label.dropped.item_counts > 0)
    assert not begins_from(everything, verdict), "later, whatever it treats as new"
    warm = plain.sources[0]
    stage = fit_stage(warm, everything, 1, "cpu")
    with pytest.raises(FusionError, match="may not begin from"):
        fit_stage(warm, verdict, 1, "cpu", earlier=Fit(everything, stage, made.root))


def test_a_training_with_new_items_is_whole_and_the_same_twice(tmp_path):
    first = train(context(tmp_path / "a", world()))
    again = train(context(tmp_path / "b", world()))
    assert first.verdict.report == again.verdict.report
    assert pl.read_parquet(first.lists / "lists.parquet").equals(
        pl.read_parquet(again.lists / "lists.parquet")
    )
