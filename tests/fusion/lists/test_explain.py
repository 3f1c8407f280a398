"""Reasons: contributions add up, words merge, and every shown row of a sampled user has some."""

import json
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from fusion.data.ranked_lists import RankedLists
from fusion.data.topk import Pairs
from fusion.evaluation.live_baseline import Live
from fusion.lists.explain import Explainer
from fusion.lists.reasons import BACKFILLED, Reasons
from fusion.models.base.registry import build, known
from fusion.ranking.candidates import Candidates
from fusion.ranking.features.columns import AGREED
from fusion.ranking.features.registry import FEATURES
from fusion.ranking.ranker import Ranker
from fusion.runs.run_folder import ListsFolder
from fusion.training.pipeline import train
from tests.fusion.making import config, context_of, dataset, synthetic_interactions
from tests.fusion.whole import lists_of


def sources(*names: str):
    return [SimpleNamespace(name=name, proposes=True, model=build(name)) for name in names]


@pytest.fixture(scope="module")
def ranked(done):
    """A training whose lists are the ranker's, whatever the verdict says of these data."""
    context, _ = done
    trained = train(context, Live("before", "ranker", "time", None, context.data.as_of))
    assert trained.method == "ranker"
    return context, trained


def test_contributions_add_up_to_scores(ranked):
    _, trained = ranked
    ranker = Ranker.load(trained.serving_ranker)
    features = pl.read_parquet(trained.lists / "features.parquet").head(300)
    columns = {name: features[name].to_numpy() for name in features.columns}
    rest = ranker.score_columns(columns) - ranker.contributions(columns).sum(axis=1)
    assert np.allclose(rest, rest[0], atol=1e-4)


def test_columns_of_a_source_are_one_reason_and_equal_words_another():
    reasons = Reasons.of(sources("als", "ease"), FEATURES)
    columns = (
        "als_rank",
        "als_z",
        "ease_rr",
        "blend",
        "best_rank",
        "user_events",
        "item_share_28d",
    )
    weights = np.array(
        [[0.2, 0.3, 0.4, 0.5, -0.2, 9.0, 0.1], [-1, -1, -1, -1, -1, -1, -1]], np.float32
    )
    gains = reasons.strongest(weights, columns, np.zeros((2, 2), bool))
    gain_by_words = {
        reasons.words[at]: round(float(gains[0, at]), 3)
        for at in np.flatnonzero(~np.isnan(gains[0]))
    }
    assert gain_by_words == {
        known()["als"].reason_text: 0.5,
        known()["ease"].reason_text: 0.4,
        AGREED: 0.3,
    }
    assert np.isnan(gains[1]).all()
    # What als is silent about is no reason of als, however much the ranker makes of the silence.
    without_als = reasons.strongest(weights, columns, np.array([[True, False]] * 2))
    assert np.isnan(without_als[0, 0])
    assert without_als[0, 1] == gains[0, 1]


def test_a_source_of_ones_own_speaks_by_its_name_or_its_own_sentence():
    """Without a sentence the name of the configuration stands in it, never that of nobody."""
    silent, spoken = (SimpleNamespace(reason_text=text) for text in ("", "it is Monday"))
    configured = [("mine", silent), ("other", silent), ("weekday", spoken)]
    of_both = [SimpleNamespace(name=name, proposes=True, model=model) for name, model in configured]
    reasons = Reasons.of(of_both, FEATURES)
    assert reasons.words[:3] == ("mine speaks for it", "other speaks for it", "it is Monday")


def test_a_source_has_its_rank_wherever_it_ranked_the_item(tmp_path):
    """Also where it did not propose the item and only the ranker named it: then it is beyond k."""
    data = dataset(synthetic_interactions(seed=3, n_users=80, n_items=100, n_events=2500))
    short = {"name": "mine", "use": "popularity", "k": 4}
    few = {"name": "sequence", "settings": {"reach": 1, "last": 1, "neighbours": 2}}
    context = context_of(tmp_path, data, config((short, "ease", few)))
    trained = train(context, Live("before", "ranker", "time", None, data.as_of))
    why = pl.read_parquet(trained.lists / "why.parquet").filter(pl.col("source").is_not_null())
    # Where the sequence source, which scores few items, is silent it is no reason.
    assert why["source"].n_unique() == 3
    assert why["source_rank"].null_count() == 0
    beyond = why.filter(pl.col("source_rank") > short["k"], source="mine")
    assert len(beyond)
    assert beyond["gain"].null_count() == 0


def test_every_source_and_every_feature_of_an_item_speaks_in_words():
    for name, cls in known().items():
        if cls.proposes and cls.__module__.startswith("fusion."):
            assert cls.reason_text, name
    for declared in FEATURES:
        assert declared.reason_text or declared.name.startswith("user_"), declared.name
        assert "_" not in declared.reason_text


def test_every_shown_row_has_its_proposals_and_at_most_three_weights(ranked):
    context, trained = ranked
    why = pl.read_parquet(trained.lists / "why.parquet")
    shown = lists_of(trained).filter(pl.col("rank") <= context.config.lists.size)
    assert set(why.select("user", "item").iter_rows()) == set(
        shown.select("user", "item").iter_rows()
    )
    weighed = why.filter(pl.col("gain").is_not_null()).group_by("user", "item").len()["len"]
    assert 1 <= weighed.min() <= weighed.max() <= 3
    best = (
        why.filter(pl.col("source_rank").is_not_null())
        .group_by("user", "item")
        .agg(pl.col("source_rank").min())
    )
    both = shown.filter(pl.col("source").is_not_null()).join(
        best, on=["user", "item"], suffix="_best"
    )
    assert len(both) == shown["source"].count()
    assert (both["source_rank"] == both["source_rank_best"]).all()
    filled = why.filter(pl.col("reason") == BACKFILLED).select("user", "item")
    assert not set(filled.iter_rows()) & set(
        shown.filter(pl.col("source").is_not_null()).select("user", "item").iter_rows()
    )
    assert (
        json.loads((trained.lists / "notes.json").read_text())["explained"]
        == shown["user"].n_unique()
    )


@pytest.mark.parametrize(("budget", "least", "most"), [(0, 0, 0), (150, 5, 60)])
def test_a_budget_draws_whole_users(tmp_path, budget, least, most):
    data = dataset(synthetic_interactions(seed=3, n_users=80, n_items=100, n_events=2500))
    trained = train(
        context_of(tmp_path, data, config(("popularity", "ease"), lists={"why_rows": budget}))
    )
    why = pl.read_parquet(trained.lists / "why.parquet")
    users = why["user"].n_unique()
    assert least <= users <= most
    assert json.loads((trained.lists / "notes.json").read_text())["explained"] == users
    assert set(why.select("user", "item").unique()["user"].value_counts()["count"]) <= {5}


def test_items_beyond_the_candidates_need_none(tmp_path):
    """A block whose users no source has anything for: what fills their lists has one reason."""
    nobody = np.empty((2, 0), np.int32)
    data = dataset(synthetic_interactions(seed=3, n_users=2, n_items=10, n_events=20))
    users = data.users_at(np.arange(2, dtype=np.int32), data.last_times)
    candidates = Candidates(
        users, ("ease",), Pairs.from_lists(nobody), *[np.empty((0, 1), np.float32)] * 2, {}, {}
    )
    explainer = Explainer(
        Reasons.of(sources("ease"), FEATURES), None, seed=7, budget=99, users=2, shown=1
    )
    listed = RankedLists(
        np.arange(2, dtype=np.int32), np.array([[1], [0]], np.int32), np.zeros((2, 1), np.float32)
    )
    explainer.add(candidates, {"ease_rank": np.empty(0, np.float32)}, listed, None)
    explainer.write(ListsFolder(tmp_path))
    why = pl.read_parquet(tmp_path / "why.parquet")
    assert why.select("user", "item", "reason").rows() == [(0, 1, BACKFILLED), (1, 0, BACKFILLED)]
