"""Labels of a fold: items that are new to the user and can be listed."""

import polars as pl

from fusion.config import SplitSettings
from fusion.core.arrays import DAY
from fusion.data.splitting.folds import plan_folds
from tests.fusion.data.splitting.folding import pairs
from tests.fusion.making import START, dataset, frame_of


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
