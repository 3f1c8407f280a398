"""Folds by each user's last events, on planted cases."""

import pytest

from fusion.config import SplitSettings
from fusion.core.arrays import DAY
from fusion.data.splitting.folds import plan_folds
from fusion.errors import DataError
from tests.fusion.data.splitting.folding import daily, pairs
from tests.fusion.making import START, dataset, frame_of


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
