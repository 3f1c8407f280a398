"""Folds: planted cases whose cuts, known rows and labels one can tell by hand."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import polars as pl
import pytest

from fusion.config import SplitSettings
from fusion.core.arrays import DAY
from fusion.data.defaults import DEFAULTS
from fusion.data.fold import Fold
from fusion.data.folds import plan_folds
from fusion.errors import DataError
from fusion.models.base.fitted import fit_items
from fusion.models.base.registry import build
from tests.fusion.making import START, dataset, frame_of, item_frame, lively, slow_labels


def pairs(fold: Fold) -> set[tuple[str, str]]:
    users = fold.known.user_ids.texts(fold.label_users)
    return set(zip(users, fold.known.item_ids.texts(fold.label_items), strict=True))


def daily(n_users: int = 30, days: int = 60, per_day: float = 1.0) -> pl.DataFrame:
    """Every user takes a new item on every `1 / per_day`-th day."""
    step = round(1 / per_day)
    return frame_of(
        [(f"u{u}", f"i{u}_{d}", d + 0.25) for d in range(0, days, step) for u in range(n_users)]
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

    def test_labels_are_what_one_would_tell_a_child(self):
        frame = lively(seed=8)
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
        full = lively(seed=5, n_events=3000)
        today, tomorrow = (
            dataset(full.filter(pl.col("time") < START + day * DAY)) for day in (74.4, 75.3)
        )
        newcomer = frame_of([("new", "brand new", 74.9)])
        tomorrow = dataset(pl.concat([full.filter(pl.col("time") < START + 75.3 * DAY), newcomer]))
        split = SplitSettings(users=20, folds=2, window=7)
        one, two = (plan_folds(data, split) for data in (today, tomorrow))
        assert tomorrow.n_items > today.n_items
        model = build("popularity")
        for before, after in zip(
            (*one.labels, one.verdict), (*two.labels, two.verdict), strict=True
        ):
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
            DataError, match=r"\[1, 7, 14, 28, 91, 182, 365\] days has 200 warm users.*lower"
        ):
            plan_folds(dataset(daily()), SplitSettings(kind="time"))
        with pytest.raises(DataError, match=r"\[3\] days"):
            plan_folds(dataset(daily()), SplitSettings(kind="time", window=3))
        with pytest.raises(DataError, match=r"needs \[data.columns\] time"):
            plan_folds(dataset(daily().drop("time")), SplitSettings(kind="time"))
        with pytest.raises(DataError, match="too little data"):
            plan_folds(dataset(frame_of([("a", "x", 1), ("b", "x", 2)])), SplitSettings())


class TestLast:
    def test_the_nth_last_liked_event_is_held_out(self):
        rows = [("a", f"x{n}", n) for n in range(1, 7)] + [
            ("b", "y1", 1),
            ("b", "y2", 2),
            ("b", "y3", 3),
        ]
        plan = plan_folds(dataset(frame_of(rows)), SplitSettings(kind="last", folds=2))
        assert plan.optimistic
        assert pairs(plan.verdict) == {("a", "x6"), ("b", "y3")}
        assert pairs(plan.labels[1]) == {("a", "x5"), ("b", "y2")}
        assert pairs(plan.labels[0]) == {("a", "x4"), ("b", "y1")}
        users, items = plan.verdict.known.users, plan.verdict.known.items
        known = plan.verdict.known
        texts = set(zip(known.user_ids.texts(users), known.item_ids.texts(items), strict=True))
        assert texts == {("a", f"x{n}") for n in range(1, 6)} | {("b", "y1"), ("b", "y2")}
        assert plan.verdict.as_of.tolist() == [START + 5 * DAY + 1, START + 2 * DAY + 1]
        assert plan.serving.as_of.tolist() == [START + 6 * DAY + 1, START + 3 * DAY + 1]

    def test_unliked_events_are_known_up_to_the_label_and_never_labels(self):
        rows = [
            ("a", "x1", 1),
            ("a", "no1", 2, False),
            ("a", "x2", 3),
            ("a", "no2", 4, False),
            ("a", "x3", 5),
        ]
        rows += [("a", "no3", 6, False)]
        plan = plan_folds(dataset(frame_of(rows)), SplitSettings(kind="last", folds=1))
        assert pairs(plan.verdict) == {("a", "x3")}
        assert len(plan.verdict.known) == 4  # x1 no1 x2 no2; no3 came after the label
        assert pairs(plan.labels[0]) == {("a", "x2")}
        assert len(plan.labels[0].known) == 2

    def test_equal_times_keep_the_order_of_the_file(self):
        rows = [("a", "x0", 0), ("a", "x1", 1), ("a", "x2", 1), ("a", "x3", 1)]
        plan = plan_folds(dataset(frame_of(rows)), SplitSettings(kind="last", folds=1))
        assert pairs(plan.verdict) == {("a", "x3")}
        assert pairs(plan.labels[0]) == {("a", "x2")}

    def test_users_with_few_events_are_left_out_where_they_have_none(self):
        rows = [("a", "x1", 1), ("a", "x2", 2), ("a", "x3", 3), ("b", "y1", 1)]
        plan = plan_folds(dataset(frame_of(rows)), SplitSettings(kind="last", folds=3))
        assert pairs(plan.verdict) == {("a", "x3"), ("b", "y1")}
        # The third last of "a" is his first: nobody with a label is known there, so the fold
        # teaches nothing.
        assert [pairs(fold) for fold in plan.labels] == [{("a", "x2")}]

    def test_a_verdict_of_strangers_is_refused(self):
        """Nobody with a history has a label in the verdict, so no method can be chosen by it."""
        rows = [("a", "x1", 1), ("a", "x1", 2), ("a", "x1", 3), ("a", "x2", 0), ("b", "y1", 1)]
        with pytest.raises(DataError, match="too little data"):
            plan_folds(dataset(frame_of(rows)), SplitSettings(kind="last", folds=2))

    def test_without_times_last_is_refused_like_time(self):
        with pytest.raises(DataError, match=r"needs \[data.columns\] time"):
            plan_folds(dataset(daily().drop("time")), SplitSettings(kind="last"))


class TestRandom:
    def test_a_fold_knows_all_but_its_own_share_and_the_verdicts(self):
        data = dataset(lively(seed=1).drop("time"))
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
        data = dataset(lively(seed=1).drop("time"))
        defaults = replace(DEFAULTS, enough_held_out=enough * len(data))
        monkeypatch.setattr("fusion.data.random_folds.DEFAULTS", defaults)
        plan = plan_folds(data, SplitSettings(folds=2))
        sizes = [len(fold.known) / len(data) for fold in (*plan.labels, plan.verdict)]
        assert sizes == pytest.approx([1 - 2 * share] * 2 + [1 - share], abs=0.03)
        assert f"{share:.0%} of pairs" in plan.why

    def test_of_many_folds_each_has_a_share(self):
        plan = plan_folds(dataset(lively(seed=3)), SplitSettings(kind="random", folds=12))
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
        frame = lively(seed=1).drop("time")
        split = SplitSettings(folds=1)
        short, long, other = (
            plan_folds(dataset(f), split, seed=s).verdict
            for f, s in ((frame[:2000], 7), (frame, 7), (frame, 8))
        )
        assert pairs(short) <= pairs(long) | set()
        assert pairs(long) != pairs(other)

    def test_times_are_put_aside(self):
        """Shares cut across time, so no feature or source may take a time for what it is."""
        data = dataset(lively(seed=1))
        plan = plan_folds(data, SplitSettings(kind="random", folds=1))
        assert not any(fold.known.has_times for fold in (*plan.labels, plan.verdict, plan.serving))


class TestEligible:
    def test_what_the_user_met_is_no_label_unless_it_may_come_again(self):
        rows = [("a", "x", 1), ("a", "y", 2), ("a", "z", 3), ("a", "y", 4)]
        data = dataset(
            frame_of([*rows, *((f"b{n}", f"w{d}", d) for n in range(3) for d in range(1, 5))])
        )
        plan = plan_folds(data, SplitSettings(kind="last", folds=1))
        assert "a" not in {user for user, _ in pairs(plan.verdict)}
        again = plan_folds(data, SplitSettings(kind="last", folds=1), seen=True)
        assert ("a", "y") in pairs(again.verdict)

    def test_items_one_cannot_have_are_no_labels_and_new_ones_are(self):
        items = pl.DataFrame(
            {
                "id": ["gone", "late", "there"],
                "available_from": [None, START + 100 * DAY, None],
                "available_until": [START + 10 * DAY, None, None],
            },
            schema_overrides={"available_from": pl.Int64, "available_until": pl.Int64},
        )
        rows = [(f"u{u}", f"i{d}", d) for u in range(5) for d in range(12)]
        rows += [
            ("u0", "gone", 12.2),
            ("u1", "late", 12.2),
            ("u2", "there", 12.2),
            ("u3", "unheard of", 12.2),
        ]
        rows += [("u0", "i0", 13)]
        data = dataset(frame_of(rows), items)
        plan = plan_folds(data, SplitSettings(users=2, folds=1, window=1))
        assert pairs(plan.verdict) == {("u2", "there"), ("u3", "unheard of")}
