"""Whether a run may be published: its lists' contract, and the lists that are live."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from fusion.core.arrays import DAY
from fusion.data.splitting.folds import plan_folds
from fusion.evaluation.admission import Measured, admit
from fusion.evaluation.check import run_checks
from fusion.evaluation.checks.evidence import ListsEvidence
from fusion.evaluation.live_baseline import Live, judgeable
from fusion.lists.live_lists import LiveLists
from fusion.runs.context import RunContext
from fusion.runs.run_folder import ListsFolder
from fusion.training.pipeline import Trained, train
from tests.fusion.making import config
from tests.fusion.whole import lists_of

TAMPERINGS = {
    "ranks run from 1": lambda rows: rows.with_columns(rank=pl.col("rank") + 1),
    "no item twice": lambda rows: rows.with_columns(item=pl.col("item").first().over("user")),
    "scores are finite": lambda rows: rows.with_columns(
        score=pl.when(pl.row_index() == 3).then(float("nan")).otherwise("score").cast(pl.Float32)
    ),
    "scores do not rise with rank": lambda rows: rows.with_columns(score=-pl.col("score")),
    "lists are whole": lambda rows: rows.filter((pl.col("user") != 5) | (pl.col("rank") < 4)),
}


class TestAdmission:
    def broken_checks(
        self, context: RunContext, trained: Trained, rows: pl.DataFrame, folder: Path
    ) -> dict[str, str]:
        (folder / "served.parquet").write_bytes((trained.lists / "served.parquet").read_bytes())
        rows.write_parquet(folder / "lists.parquet")
        checks = run_checks("lists", ListsEvidence(context, ListsFolder(folder)))
        return {check.name: check.text() for check in checks if not check.holds}

    def test_untouched_lists_break_nothing(self, done, tmp_path):
        assert self.broken_checks(*done, lists_of(done[1]), tmp_path) == {}

    @pytest.mark.parametrize("name", TAMPERINGS)
    def test_each_check_breaks(self, done, tmp_path, name):
        broken = self.broken_checks(*done, TAMPERINGS[name](lists_of(done[1])), tmp_path)
        assert name in broken
        assert "e.g. " in broken[name]
        if name != "no item twice":
            assert set(broken) == {name}

    def test_a_seen_or_unavailable_item_breaks(self, done, data, tmp_path):
        context, trained = done
        rows = lists_of(trained)
        first = rows.row(0, named=True)
        seen = int(data.items[data.users == first["user"]][-1])
        gone = int(np.flatnonzero(~data.listable(data.as_of) & (data.item_counts > 0))[0])
        at = pl.row_index() == 0
        for item, name in ((seen, "nothing the user has met"), (gone, "nothing unavailable")):
            changed = rows.with_columns(
                item=pl.when(at).then(item).otherwise("item").cast(pl.Int32)
            )
            broken = self.broken_checks(context, trained, changed, tmp_path)
            assert name in broken
            assert data.user_ids.texts(np.array([first["user"]]))[0] in broken[name]

    def test_what_is_stored_names_nobody(self, done, tmp_path):
        """Outside ids are for the screen; the manifest holds row numbers of the run's ids."""
        context, trained = done
        (tmp_path / "served.parquet").write_bytes((trained.lists / "served.parquet").read_bytes())
        rows = TAMPERINGS["lists are whole"](lists_of(trained)).with_columns(
            rank=pl.col("rank") + 1
        )
        rows.write_parquet(tmp_path / "lists.parquet")
        judged = run_checks("lists", ListsEvidence(context, ListsFolder(tmp_path)))
        checks = {check.name: check for check in judged if not check.holds}
        whole, ranks = checks["lists are whole"], checks["ranks run from 1"]
        assert (whole.broken, whole.rows, len(ranks.rows)) == (1, ({"user": 5},), 3)
        name = context.data.user_ids.texts(np.array([5]))[0]
        assert f"user {name!r}" in whole.text()
        for check in checks.values():
            assert "user" not in check.as_dict()["message"].replace("users have", "")
            assert all(
                isinstance(value, int) for row in check.as_dict()["rows"] for value in row.values()
            )

    def test_a_user_without_any_list_breaks(self, done, tmp_path):
        rows = lists_of(done[1])
        broken = self.broken_checks(*done, rows.filter(pl.col("user") != rows["user"][0]), tmp_path)
        assert set(broken) == {"lists are whole"}


def test_few_users_cannot_tell_skill_from_luck(done):
    context, trained = done
    for users, holds in ((9, False), (10, True)):
        verdict = replace(
            trained.verdict, report=trained.verdict.report.model_copy(update={"users": users})
        )
        measured = Measured({}, trained.serving, trained.exposure)
        check = admit(context, verdict, ListsFolder(trained.lists), measured)[0]
        assert (check.name, check.holds) == ("beats random", holds)
    assert verdict.random_gap.low > 0


class TestAgainstLive:
    def live(
        self,
        context: RunContext,
        lists: pl.DataFrame,
        method: str = "ranker",
        as_of: int | None = None,
    ) -> Live:
        moment = context.plan.verdict.cut if as_of is None else as_of
        return Live(
            "before", method, "time", context.plan.window, moment, LiveLists.of(lists, context.data)
        )

    def perfect(self, context: RunContext) -> pl.DataFrame:
        """Lists of somebody who knew the labels."""
        fold = context.plan.verdict
        frame = pl.DataFrame(
            {
                "user_id": context.data.user_ids.texts(fold.label_users),
                "item_id": context.data.item_ids.texts(fold.label_items),
            }
        )
        return frame.with_columns(rank=pl.int_range(1, pl.len() + 1).over("user_id"))

    def test_a_run_far_behind_live_is_refused(self, done):
        context, _ = done
        fair = RunContext(config(gate={"users": 10}), context.data, context.plan, context.root)
        trained = train(fair, self.live(context, self.perfect(context)))
        assert not trained.admitted
        refused = [check for check in trained.checks if not check.holds]
        assert [check.name for check in refused] == ["keeps up with live"]
        assert trained.verdict.live.ndcg == pytest.approx(1)
        assert "gate.max_loss = 0.05 allows -0.0500" in refused[0].message
        lenient = RunContext(
            config(gate={"users": 10, "max_loss": 1.0}), context.data, context.plan, context.root
        )
        assert train(lenient, self.live(context, self.perfect(context))).admitted

    def test_the_loss_is_a_share_of_the_live_lists_among_the_users_judged(self, done):
        """The floor is a share of what live lists reach; here they know half the users' labels."""
        context, _ = done
        perfect = self.perfect(context)
        some = perfect.filter(pl.col("user_id").hash() % 2 == 0)
        trained = train(
            RunContext(config(gate={"users": 1}), context.data, context.plan, context.root),
            self.live(context, some),
        )
        share = trained.verdict.live.ndcg
        assert 0.2 < share < 0.8
        floor = -0.05 * share
        assert f"allows {floor:+.4f}" in trained.checks[1].message
        report = trained.verdict.report.live
        assert report.run == "before"
        assert report.difference.value == trained.verdict.live.gap.value

    def test_live_lists_that_knew_the_window_are_not_compared(self, done):
        context, _ = done
        late = self.live(context, self.perfect(context), as_of=context.plan.verdict.cut + 1)
        trained = train(context, late)
        assert trained.admitted
        assert trained.checks[1].message.startswith("not judged: 0 users")
        assert trained.verdict.live.gap is None

    def test_too_few_users_are_no_ground_to_refuse(self, done):
        context, _ = done
        assert train(
            context, self.live(context, self.perfect(context))
        ).admitted  # gate.users = 100 and there are fewer

    def test_unknown_ids_and_no_lists_count_nothing(self, done):
        context, _ = done
        perfect = self.perfect(context)
        for lists in (perfect.head(0), perfect.with_columns(item_id=pl.lit("never heard of"))):
            trained = train(
                RunContext(config(gate={"users": 1}), context.data, context.plan, context.root),
                self.live(context, lists),
            )
            assert trained.verdict.live.ndcg == 0
            assert trained.admitted

    def test_who_may_be_judged(self, data):
        live = Live("r", "ranker", "last", None, data.as_of - 10 * DAY)
        split = config().split
        last = plan_folds(data, split.model_copy(update={"kind": "last"}))
        assert np.array_equal(judgeable(live, last), last.verdict.as_of >= live.as_of)
        assert 0 < judgeable(live, last).sum() < data.n_users
        assert not judgeable(
            live, plan_folds(data, split.model_copy(update={"kind": "random"}))
        ).any()
