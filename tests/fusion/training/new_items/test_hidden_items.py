"""Items hidden from every fit: a fold that never knew them, and rows judged by who liked them."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from fusion.config import ListSettings
from fusion.data.id_map import draws
from fusion.evaluation.cold_items import CATEGORY, TFIDF
from fusion.metrics.bootstrap import Interval
from fusion.training.new_items.as_if_new import DROPPED, learn_new_items
from fusion.training.new_items.defaults import DEFAULTS
from fusion.training.new_items.hidden_items import affordable, choose_hidden, hidden_fold
from fusion.training.pipeline import train
from fusion.training.sources import declared_cost
from tests.fusion.making import replaced
from tests.fusion.training.new_items.test_as_if_new import SOURCES, context, world


@pytest.fixture(scope="module")
def learning(tmp_path_factory):
    return learn_new_items(context(tmp_path_factory.mktemp("hidden"), world()))


def test_hidden_items_were_in_no_label_fold_as_if_new(learning):
    data, verdict = learning.data, learning.plan.verdict
    hidden, by = choose_hidden(data, verdict, 7)
    assert by == "hash"
    assert 3 <= hidden.sum() <= 20
    assert not hidden[learning.plan.labels[0].dropped.items].any()
    assert (verdict.known.item_counts[hidden] > 0).all()


def test_the_newest_are_hidden_where_items_have_dates(learning):
    data = learning.data
    begins = np.arange(data.n_items) * 1000
    table = data.item_table.with_columns(available_from=pl.Series(begins))
    hidden, by = choose_hidden(replaced(data, item_table=table), learning.plan.verdict, 7)
    assert by == "newest"
    known = learning.plan.verdict.known.item_counts > 0
    never_new = draws(data.item_ids, 7, DROPPED) >= DEFAULTS.dropped_share
    eligible = np.flatnonzero(known & never_new)
    share = int(np.ceil(DEFAULTS.hidden_share * len(eligible)))
    assert set(np.flatnonzero(hidden)) == set(eligible[-share:])


def test_the_fold_knows_nothing_of_hidden_items_and_their_likes_are_its_labels(learning):
    verdict = learning.plan.verdict
    hidden, _ = choose_hidden(learning.data, verdict, 7)
    fold = hidden_fold(verdict, hidden, 7)
    assert fold.known.item_counts[hidden].sum() == 0
    assert len(fold.known) == int((~hidden[verdict.known.items]).sum())
    events = verdict.known
    wanted = {
        (user, item)
        for user, item, liked in zip(events.users, events.items, events.liked, strict=True)
        if liked and hidden[item] and events.listable(fold.cut)[item]
    }
    wanted |= {
        (user, item)
        for user, item in zip(verdict.label_users, verdict.label_items, strict=True)
        if hidden[item]
    }
    wanted = {pair for pair in wanted if fold.known.user_counts[pair[0]] > 0}
    assert set(zip(fold.label_users, fold.label_items, strict=True)) == wanted


def test_the_verdict_judges_hidden_items_alone_and_among_all(tmp_path):
    report = train(context(tmp_path, world(), folds=3)).verdict.report.cold_items
    rows = {"ranker", "blend", "popularity", "item_knn", "content", "random", TFIDF, CATEGORY}
    assert set(report.hidden.rows) == set(report.catalogue.rows) == rows
    assert set(report.gaps) == rows - {"ranker"}
    alone = {name: row["ndcg@10"].value for name, row in report.hidden.rows.items()}
    # What never saw an item has no list of such items; chance has one.
    assert alone["popularity"] == alone["item_knn"] == 0
    assert min(alone["content"], alone["ranker"], alone["random"], alone[TFIDF]) > 0
    gap = report.gaps["content"]
    assert isinstance(gap, Interval)
    assert gap.value == pytest.approx(alone["ranker"] - alone["content"], abs=1e-6)
    assert report.hidden.users == report.catalogue.users > 20


DEAR = {"name": "als", "settings": {"factors": 64, "iterations": 100}}
"""Most of what the sources of the world declare that they cost."""


@pytest.mark.parametrize(("folds", "left_out"), [(1, ["als"]), (3, [])])
def test_the_dearest_source_is_left_out_where_few_other_fits_are_made(tmp_path, folds, left_out):
    made = context(tmp_path, world(), (*SOURCES, DEAR), folds)
    # A single label fold has too few new labels for them to matter by themselves.
    asking = ListSettings(size=5, new_items={"min": 0.01})
    made = replace(made, config=made.config.model_copy(update={"lists": asking}))
    verdict = train(made).verdict.report
    report = verdict.cold_items
    assert report.not_asked == left_out
    assert set(verdict.rows) - set(report.hidden.rows) == set(left_out)
    assert report.hidden.rows["ranker"]["ndcg@10"].value > 0


def test_fits_of_hidden_items_are_at_most_a_fifth_by_what_sources_declare(tmp_path):
    made = context(tmp_path, world(), (*SOURCES, DEAR), folds=1)
    plan, verdict = made.plan, made.plan.verdict
    fold = hidden_fold(verdict, choose_hidden(made.data, verdict, 7)[0], 7)
    asked, left_out = affordable(made.sources, plan, fold)
    assert [source.name for source in asked] == ["popularity", "item_knn", "content"]
    assert left_out == ("als",)
    others = sum(
        declared_cost(source, each.known)
        for source in made.sources
        for each in (*plan.labels, verdict, plan.serving)
    )
    cost = sum(declared_cost(source, fold.known) for source in asked)
    assert cost <= 0.2 * (cost + others)
    # One less left out would be too much.
    whole = cost + declared_cost(made.sources[-1], fold.known)
    assert whole > 0.2 * (whole + others)


def test_there_is_none_where_new_items_do_not_matter(tmp_path):
    assert train(context(tmp_path, world(late=False))).verdict.report.cold_items is None
