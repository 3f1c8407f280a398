"""The step to serving: a column that changed its meaning is refused, a healthy one is not."""

import numpy as np
import polars as pl
import pytest

from fusion.config import GateSettings
from fusion.core.arrays import Scores
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.evaluation.checks.evidence import FeaturesEvidence
from fusion.evaluation.checks.feature_checks import features_keep_their_meaning
from fusion.evaluation.feature_shift import (
    feature_shift,
    past,
)
from fusion.lists.builder import serving_users
from fusion.lists.business_rules.blocked import NO_BLOCKS
from fusion.lists.business_rules.resolve_rules import usable
from fusion.lists.business_rules.rules import RuleSet
from fusion.lists.samples import feature_sample
from fusion.ranking.features.compute import steady_columns
from fusion.ranking.features.source_columns import ColumnKind, SourceColumn, source_column
from fusion.runs.run_folder import ListsFolder
from fusion.training.pipeline import train
from tests.fusion import broken
from tests.fusion.making import (
    QUICK,
    config,
    context_of,
    dataset,
    item_frame,
    replaced,
    synthetic_interactions,
    user_frame,
)

GATE = {"users": 10}
LIMIT = GateSettings().max_feature_psi


class SilentServing(broken.Plain):
    """Speaks of everything until the fit of the serving fold."""

    most = 0

    def scores(self, users: UserHistories) -> Scores:
        scores = super().scores(users) + np.arange(users.n_items, dtype=np.float32)
        return np.full_like(scores, np.nan) if self.events_ >= type(self).most else scores


def test_psi_of_steady_columns_by_hand(tmp_path):
    before = {"ease_rank": [1.0, 2.0] * 5, "item_share": [0.0] * 10, "proposed_by": [1.0] * 10}
    now = {"ease_rank": [1.0] * 8 + [2.0] * 2, "item_share": [9.0] * 10, "proposed_by": [1.0] * 10}
    for name, columns in (("features_before", before), ("features", now)):
        pl.DataFrame(columns, schema_overrides=dict.fromkeys(columns, pl.Float32)).write_parquet(
            tmp_path / f"{name}.parquet"
        )
    shift = feature_shift(ListsFolder(tmp_path), "ranker")
    by_hand = 0.3 * np.log(0.8 / 0.5) - 0.3 * np.log(0.2 / 0.5)
    assert shift == {"ease_rank": pytest.approx(by_hand), "proposed_by": 0}
    assert list(shift) == ["ease_rank", "proposed_by"]
    assert feature_shift(ListsFolder(tmp_path), "blend") == shift
    assert list(feature_shift(ListsFolder(tmp_path), "ease")) == ["ease_rank"]
    assert feature_shift(ListsFolder(tmp_path), "als") == {}
    assert past(shift, 0.4) == {"ease_rank": shift["ease_rank"]}
    assert past(shift, 0.5) == {}


def test_what_is_steady_and_whose_it_is():
    columns = [
        "item_knn_z",
        "als_proposed",
        "als_rank",
        "best_rank",
        "item_age_days",
        "user_events",
        "item_weight",
    ]
    assert [source_column(name) for name in columns[:3]] == [
        SourceColumn("item_knn", ColumnKind.Z_SCORE),
        SourceColumn("als", ColumnKind.PROPOSED),
        SourceColumn("als", ColumnKind.RANK),
    ]
    assert [source_column(name) for name in columns[3:]] == [None] * 4
    assert steady_columns(columns) == ["als_proposed", "als_rank", "best_rank", "item_weight"]


def shop(seed: int = 3) -> Dataset:
    events = synthetic_interactions(seed=seed, n_users=80, n_items=160, n_events=2800, loyal=0.85)
    return dataset(events, item_frame(160), user_frame(80), has_weights=True)


@pytest.mark.parametrize("seed", [3, 4])
def test_a_healthy_retraining_is_far_from_the_limit(tmp_path, seed):
    context = context_of(tmp_path, shop(seed), config(gate=GATE))
    trained = train(context)
    assert max(trained.shift.values()) < LIMIT / 2
    check = features_keep_their_meaning(FeaturesEvidence(context, trained.shift))
    assert check.holds
    assert (
        f"PSI of {len(trained.shift)} features is within gate.max_feature_psi = 2" in check.message
    )


def test_weights_in_another_unit_are_named_and_refused(tmp_path):
    """From the last window on, hours are given in minutes."""
    data = shop()
    cut = context_of(tmp_path, data, config()).plan.verdict.cut
    changed = replaced(data, weights=np.where(data.times >= cut, 60 * data.weights, data.weights))
    trained = train(context_of(tmp_path, changed, config(gate=GATE)))
    refused = {check.name: check.message for check in trained.checks if not check.holds}
    assert set(refused) == {"features keep their meaning"}
    assert (
        f"item_weight {trained.shift['item_weight']:.2f}" in refused["features keep their meaning"]
    )
    assert past(trained.shift, LIMIT).keys() == {"item_weight"}
    lenient = train(context_of(tmp_path, changed, config(gate={**GATE, "max_feature_psi": 100})))
    assert lenient.admitted


def test_a_source_gone_silent_is_named_where_the_lists_depend_on_it(tmp_path):
    SilentServing.most = len(shop())
    with broken.registered(odd=SilentServing):
        context = context_of(tmp_path, shop(), config((*QUICK, "odd"), gate=GATE))
        trained = train(context)
    shift = feature_shift(ListsFolder(trained.lists), "blend")
    assert list(past(shift, LIMIT))[:1] == ["odd_rank"]
    refused = features_keep_their_meaning(FeaturesEvidence(context, shift))
    assert "e.g. odd_" in refused.message
    assert not refused.holds
    of_ease = feature_shift(ListsFolder(trained.lists), "ease")
    assert features_keep_their_meaning(FeaturesEvidence(context, of_ease)).holds


def test_rules_hide_no_fault_and_make_none(tmp_path):
    """An allow list of few items: features are compared before it, with all their power."""
    rules = RuleSet(allow=[{"categories": ["genres=jazz"]}])
    compiled, _ = usable(rules, shop(), NO_BLOCKS, 5)
    SilentServing.most = len(shop())
    with broken.registered(odd=SilentServing):
        context = context_of(tmp_path, shop(), config((*QUICK, "odd"), gate=GATE))
        plain, ruled = train(context), train(context, rules=compiled)
    assert ruled.shift == plain.shift
    assert ruled.lists != plain.lists
    of_blend = feature_shift(ListsFolder(ruled.lists), "blend")
    assert list(past(of_blend, LIMIT))[:1] == ["odd_rank"]


def test_users_the_verdict_did_not_know_are_not_compared(tmp_path):
    data = shop()
    context = context_of(tmp_path, data, config())
    newcomer = int(context.plan.verdict.label_users[0])
    before = data.times < context.plan.verdict.cut
    ranker_settings = data.take(~(before & (data.users == newcomer)))
    fresh = context_of(tmp_path, ranker_settings, config())
    assert newcomer in fresh.plan.verdict.label_rows
    assert newcomer in feature_sample(context)
    assert newcomer not in feature_sample(fresh)


def test_users_who_get_no_list_are_not_compared(tmp_path):
    context = context_of(tmp_path, shop(), config(lists={"users": "active:1d"}))
    gone = set(feature_sample(context_of(tmp_path, shop(), config()))) - set(
        feature_sample(context)
    )
    assert gone
    assert set(feature_sample(context)) <= set(serving_users(context)[0])
    assert not gone & set(serving_users(context)[0])


def test_few_users_are_no_ground_to_refuse(done):
    context, trained = done
    check = features_keep_their_meaning(FeaturesEvidence(context, {"item_weight": 50.0}))
    assert check.holds
    assert check.message.startswith(f"not judged: {len(feature_sample(context))} users")
    assert trained.admitted
