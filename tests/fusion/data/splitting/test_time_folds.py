"""Folds by time: planted cases whose cuts, known rows and labels one can tell by hand."""

import numpy as np
import polars as pl
import pytest

from fusion.config import SplitSettings
from fusion.core.arrays import DAY
from fusion.data.splitting.fold import labels_before
from fusion.data.splitting.folds import plan_folds
from fusion.errors import DataError
from fusion.models.base.fitted import fit_items
from fusion.models.base.registry import build
from tests.fusion.data.splitting.folding import daily, pairs
from tests.fusion.making import (
    START,
    dataset,
    frame_of,
    item_frame,
    replaced,
    slow_labels,
    synthetic_interactions,
)


class TestTime:
    def test_cuts_lie_on_the_grid_and_folds_follow_each_other(self):
        plan = plan_folds(dataset(daily()), SplitSettings(users=20, folds=3))
        assert (plan.kind, plan.window, plan.optimistic) == ("time", 1, False)
        cuts = [fold.cut for fold in (plan.tune, *plan.labels, plan.verdict)]
        assert [cut % DAY for cut in cuts] == [0] * 5
        assert np.diff(cuts).tolist() == [DAY] * 4
        assert cuts[-1] + DAY <= plan.serving.known.as_of < cuts[-1] + 2 * DAY
        assert [fold.name for fold in plan.labels] == ["label-3", "label-2", "label-1"]
        assert plan.serving.cut == plan.serving.known.as_of
        for fold in (*plan.labels, plan.verdict):
            assert fold.known.times.max() < fold.cut
            assert set(fold.as_of.tolist()) == {fold.cut}

    @pytest.mark.parametrize("day", range(70, 77))
    def test_the_verdict_ends_at_the_last_midnight_and_label_folds_stay_on_the_grid(self, day):
        full = synthetic_interactions(seed=5, n_events=3000)
        as_of = START + day * DAY + DAY // 3
        data = dataset(full, as_of=as_of)
        plan = plan_folds(data, SplitSettings(users=20, folds=2, window=7))
        assert plan.verdict.cut == START + (day - 7) * DAY
        held_out = plan.verdict.held_out.times
        assert plan.verdict.cut <= held_out.min() < plan.verdict.cut + DAY
        assert START + (day - 1) * DAY <= held_out.max() < START + day * DAY
        cuts = [fold.cut for fold in (plan.tune, *plan.labels)]
        assert [cut % (7 * DAY) for cut in cuts] == [0] * 3
        assert 0 <= plan.verdict.cut - (cuts[-1] + 7 * DAY) < 7 * DAY

    def test_midnight_is_that_of_the_zone_of_the_data(self):
        full = synthetic_interactions(seed=5, n_events=3000)
        data = dataset(full, as_of=START + 75 * DAY + DAY // 4)
        split = SplitSettings(users=20, folds=2, window=7)
        east = plan_folds(replaced(data, timezone="Asia/Shanghai"), split)
        # At six in the morning UTC it is afternoon there, and the day began eight hours earlier.
        assert east.verdict.cut == plan_folds(data, split).verdict.cut - DAY // 3

    def test_labels_before_a_moment_are_those_that_had_happened(self):
        frame = synthetic_interactions(seed=8)
        data = dataset(frame, item_frame())
        verdict = plan_folds(data, SplitSettings(users=20, folds=2, window=7)).verdict
        until = verdict.cut + 2 * DAY
        may = dict(zip(data.item_ids.values, data.listable(verdict.cut).tolist(), strict=True))
        known = frame.filter(pl.col("time") < verdict.cut)
        held_out = frame.filter(pl.col("time").is_between(verdict.cut, until, closed="left"))
        shorter = labels_before(verdict, until)
        assert 0 < len(pairs(shorter)) < len(pairs(verdict))
        assert pairs(shorter) == slow_labels(frame, known, held_out, may.__getitem__)
        assert pairs(labels_before(verdict, verdict.cut + 7 * DAY)) == pairs(verdict)
        assert not pairs(labels_before(verdict, verdict.cut))

    def test_labels_are_what_one_would_tell_a_child(self):
        frame = synthetic_interactions(seed=8)
        items = item_frame()
        data = dataset(frame, items)
        plan = plan_folds(data, SplitSettings(users=20, folds=2))
        for fold in (plan.tune, *plan.labels, plan.verdict):
            may = dict(zip(data.item_ids.values, data.listable(fold.cut).tolist(), strict=True))
            known = frame.filter(pl.col("time") < fold.cut)
            held_out = frame.filter(
                pl.col("time").is_between(fold.cut, fold.cut + plan.window * DAY, closed="left")
            )
            assert pairs(fold) == slow_labels(frame, known, held_out, may.__getitem__)

    def test_the_shortest_window_that_holds_the_users_wins(self):
        weekly = daily(days=90, per_day=1 / 7)
        assert plan_folds(dataset(weekly), SplitSettings(users=30, folds=2, sparse=1)).window == 7
        # Cold users count for nothing: with five known events asked for, seven days are too early
        # for the oldest fold.
        assert plan_folds(dataset(daily()), SplitSettings(users=31, kind="auto")).kind == "last"

    @pytest.mark.parametrize(
        ("window", "cure", "no_cure"),
        [(None, "set [split] window", "change"), (14, "change [split] window or take it", "set [")],
    )
    def test_the_window_to_set_is_not_the_one_that_is_set(self, window, cure, no_cure):
        split = SplitSettings(kind="time", window=window, users=5000)
        with pytest.raises(DataError) as stopped:
            plan_folds(dataset(daily()), split)
        assert cure in str(stopped.value)
        assert no_cure not in str(stopped.value)

    def test_a_thin_window_is_taken_before_last_where_nobody_named_a_kind(self):
        data = dataset(daily(n_users=55))
        plan = plan_folds(data, SplitSettings(users=200))
        assert (plan.kind, plan.window) == ("time", 1)
        assert "at least 50 warm users" in plan.why
        assert plan_folds(data, SplitSettings(users=55)).why.startswith(
            "time: windows of 1 days hold at least 55"
        )
        last = plan_folds(dataset(daily(n_users=45)), SplitSettings(users=200))
        assert last.kind == "last"
        assert "no window held 200 warm users" in last.why
        with pytest.raises(DataError, match="has 200 warm users"):
            plan_folds(data, SplitSettings(kind="time"))

    def test_an_archive_of_users_gone_is_split_by_last(self):
        """Most users came on one day long ago; the rest fill long windows, but stand for few."""
        stayed = daily(n_users=55, days=800, per_day=1 / 40)
        gone = frame_of([(f"gone{u}", f"i{n}", n / 100) for u in range(300) for n in range(6)])
        split = SplitSettings(users=50, folds=2, sparse=1)
        assert plan_folds(dataset(stayed), split).window == 91
        archive = dataset(pl.concat([stayed, gone]))
        assert plan_folds(archive, split).kind == "last"
        assert plan_folds(archive, split.model_copy(update={"kind": "time"})).window == 91
        assert plan_folds(archive, split, keep=("time", 91)).window == 91

    def test_fewer_folds_before_last(self):
        data = dataset(daily(days=12))
        plan = plan_folds(data, SplitSettings(users=30, folds=12, sparse=1))
        assert plan.kind == "time"
        assert 1 <= len(plan.labels) < 12

    def test_tomorrows_run_reuses_todays_fits(self):
        """With more days, users, items, folds cut before keep their bits and their fits' keys."""
        full = synthetic_interactions(seed=5, n_events=3000)
        today, tomorrow = (
            dataset(full.filter(pl.col("time") < START + day * DAY)) for day in (74.4, 75.3)
        )
        newcomer = frame_of([("new", "brand new", 74.9)])
        tomorrow = dataset(pl.concat([full.filter(pl.col("time") < START + 75.3 * DAY), newcomer]))
        split = SplitSettings(users=20, folds=2, window=7)
        one, two = (plan_folds(data, split) for data in (today, tomorrow))
        assert tomorrow.n_items > today.n_items
        model = build("popularity")
        # The verdict's window moves with each day.
        assert two.verdict.cut - one.verdict.cut == DAY
        for before, after in zip((one.tune, *one.labels), (two.tune, *two.labels), strict=True):
            keys = [
                fold.known.trim_users().trim_items(fit_items(model, fold.known)).digest
                for fold in (before, after)
            ]
            assert before.cut == after.cut
            assert keys[0] == keys[1]

    def test_keep_stays_with_the_live_window_while_it_holds_half(self):
        data = dataset(daily(days=100))
        assert plan_folds(data, SplitSettings(users=30)).window == 1
        assert plan_folds(data, SplitSettings(users=30), keep=("time", 14)).window == 14
        assert plan_folds(data, SplitSettings(users=60), keep=("time", 14)).window == 14
        few = dataset(
            daily(n_users=24, days=100)
        )  # not half of those who do where nobody named a kind
        assert (
            plan_folds(data, SplitSettings(users=62, kind="auto"), keep=("time", 14)).window == 14
        )
        assert (
            plan_folds(few, SplitSettings(users=62, kind="auto"), keep=("time", 14)).kind == "last"
        )
        assert plan_folds(data, SplitSettings(users=30, window=7), keep=("time", 14)).window == 7
        assert (
            plan_folds(data, SplitSettings(users=30, kind="last"), keep=("time", 14)).kind == "last"
        )
        assert plan_folds(data, SplitSettings(users=30), keep=("last", None)).window == 1

    def test_keep_holds_with_fewer_folds_too(self):
        """The live window is not given up because the live run had fewer label folds."""
        data = dataset(daily(days=60))
        assert (
            plan_folds(data, SplitSettings(users=30, folds=3, sparse=1), keep=("time", 14)).window
            == 14
        )

    def test_keep_of_a_window_without_a_user_is_given_up(self):
        data = dataset(daily(n_users=3, days=40, per_day=0.5))
        plan = plan_folds(data, SplitSettings(users=1, folds=1), keep=("time", 365))
        assert plan.window in (1, 7)

    def test_errors_say_what_to_do(self):
        with pytest.raises(
            DataError, match=r"1, 7, 14, 28, 91, 182 or 365 days has 200 warm users.*lower"
        ):
            plan_folds(dataset(daily()), SplitSettings(kind="time"))
        with pytest.raises(DataError, match="a window of 3 days does not have"):
            plan_folds(dataset(daily()), SplitSettings(kind="time", window=3))
        with pytest.raises(DataError, match=r"needs \[data.columns\] time"):
            plan_folds(dataset(daily().drop("time")), SplitSettings(kind="time"))
        with pytest.raises(DataError, match="too little data"):
            plan_folds(dataset(frame_of([("a", "x", 1), ("b", "x", 2)])), SplitSettings())
