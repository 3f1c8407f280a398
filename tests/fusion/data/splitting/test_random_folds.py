"""Folds by hash: shares, and what decides them."""

from dataclasses import replace
from itertools import permutations

import pytest

from fusion.config import SplitSettings
from fusion.data.defaults import DEFAULTS
from fusion.data.splitting.folds import plan_folds
from tests.fusion.data.splitting.folding import pairs
from tests.fusion.making import dataset, frame_of, synthetic_interactions


class TestRandom:
    def test_a_fold_knows_all_but_its_own_share_and_the_verdicts(self):
        data = dataset(synthetic_interactions(seed=1).drop("time"))
        plan = plan_folds(data, SplitSettings(folds=2))
        assert plan.kind == "random"
        folds = (plan.tune, *plan.labels, plan.verdict)
        sizes = [len(fold.known) / len(data) for fold in folds]
        assert sizes == pytest.approx(
            [1 - 2 * DEFAULTS.max_held_out_share] * 3 + [1 - DEFAULTS.max_held_out_share], abs=0.04
        )
        for one, two in permutations(folds, 2):
            assert not pairs(one) & pairs(two)
            met = set(zip(two.known.users.tolist(), two.known.items.tolist(), strict=True))
            held_out = set(zip(one.label_users.tolist(), one.label_items.tolist(), strict=True))
            assert held_out.isdisjoint(met) if one is plan.verdict else held_out <= met

    @pytest.mark.parametrize(
        ("enough", "share"), [(0.07, 0.07), (0.01, DEFAULTS.min_held_out_share)]
    )
    def test_of_more_data_a_smaller_share_is_held_out(self, monkeypatch, enough, share):
        data = dataset(synthetic_interactions(seed=1).drop("time"))
        defaults = replace(DEFAULTS, enough_held_out=enough * len(data))
        monkeypatch.setattr("fusion.data.splitting.random_folds.DEFAULTS", defaults)
        plan = plan_folds(data, SplitSettings(folds=2))
        sizes = [len(fold.known) / len(data) for fold in (*plan.labels, plan.verdict)]
        assert sizes == pytest.approx([1 - 2 * share] * 2 + [1 - share], abs=0.03)
        assert f"{share:.0%} of pairs" in plan.why

    def test_of_many_folds_each_has_a_share(self):
        plan = plan_folds(
            dataset(synthetic_interactions(seed=3)), SplitSettings(kind="random", folds=12)
        )
        sizes = [len(fold.label_users) for fold in (plan.tune, *plan.labels, plan.verdict)]
        assert len(plan.labels) == 12
        assert min(sizes) > 0.5 * max(sizes)

    def test_a_pair_falls_as_a_whole(self):
        frame = frame_of([(f"u{u}", f"i{i}", 0) for u in range(40) for i in range(10)] * 3).drop(
            "time"
        )
        plan = plan_folds(dataset(frame), SplitSettings(folds=1))
        for fold in (*plan.labels, plan.verdict):
            met = set(zip(fold.known.users.tolist(), fold.known.items.tolist(), strict=True))
            assert not met & set(
                zip(fold.label_users.tolist(), fold.label_items.tolist(), strict=True)
            )

    def test_the_seed_decides_and_new_rows_change_nothing(self):
        frame = synthetic_interactions(seed=1).drop("time")
        split = SplitSettings(folds=1)
        short, long, other = (
            plan_folds(dataset(f), split, seed=s).verdict
            for f, s in ((frame[:2000], 7), (frame, 7), (frame, 8))
        )
        assert pairs(short) <= pairs(long) | set()
        assert pairs(long) != pairs(other)

    def test_times_are_put_aside(self):
        """Shares cut across time, so no feature or source may take a time for what it is."""
        data = dataset(synthetic_interactions(seed=1))
        plan = plan_folds(data, SplitSettings(kind="random", folds=1))
        assert not any(fold.known.has_times for fold in (*plan.labels, plan.verdict, plan.serving))
