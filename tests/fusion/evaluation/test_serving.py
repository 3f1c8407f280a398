"""Serving fits are measured before they are admitted: broken ones are refused, healthy ones never.

The faults are planted: a ranker that learned permuted labels, and sources that went silent, say the
same to everybody, or mix their items up.
"""

import shutil
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from fusion.core.arrays import Scores
from fusion.data.histories import UserHistories
from fusion.data.topk import best
from fusion.evaluation import evaluate
from fusion.evaluation.check import run_checks
from fusion.evaluation.checks.evidence import ServingEvidence
from fusion.evaluation.selection import select_method
from fusion.evaluation.serving.report import BROKEN_SHARE, ServingReport, SourceReport
from fusion.evaluation.serving.source_lists import compare_fits, overlap
from fusion.models.base.fitted import FittedSource
from fusion.ranking.method import RANKER
from fusion.runs.context import RunContext
from fusion.training import ranker_stages
from fusion.training.pipeline import train
from fusion.training.ranker_stages import read_training_set
from tests.fusion.making import config, context_of, fitted

RANKER_CHECK = "serving ranker is not broken"
SOURCES_CHECK = "serving sources list what they listed"


def failing(report: ServingReport) -> dict[str, str]:
    checks = run_checks("serving", ServingEvidence(report))
    return {check.name: check.message for check in checks if not check.holds}


def permuted(read, *arguments):
    """The training set with labels dealt out anew among all candidates of a fold."""
    rng = np.random.default_rng(0)
    return [replace(table, labels=rng.permutation(table.labels)) for table in read(*arguments)]


@pytest.fixture
def broken_at_serving(done, tmp_path, monkeypatch) -> RunContext:
    """A training all of which is made but its rankers that serve; those learn permuted labels."""
    context, _ = done
    shutil.copytree(context.root, tmp_path, dirs_exist_ok=True)
    shutil.rmtree(tmp_path / "store" / "serving")
    monkeypatch.setattr(ranker_stages, "read_training_set", partial(permuted, read_training_set))
    return replace(context, root=tmp_path)


class TestRanker:
    def test_a_healthy_one_is_far_above_the_best_source(self, done):
        _, trained = done
        for ranker in (trained.serving.ranker, trained.serving.twin):
            assert ranker.difference.low > 0
            assert ranker.ndcg == pytest.approx(ranker.source_ndcg + ranker.difference.value)
        assert trained.serving.has_floor
        assert failing(trained.serving) == {}

    def test_the_best_source_is_that_of_the_table(self, done):
        _, trained = done
        rows = trained.verdict.report.rows
        sources = {name: rows[name]["ndcg@10"].value for name in trained.serving.sources}
        ranker = trained.serving.ranker
        assert ranker.source == max(sources, key=sources.get)
        assert ranker.source_ndcg == pytest.approx(sources[ranker.source])
        assert ranker.users == trained.verdict.report.users

    def test_one_that_is_broken_at_serving_only_is_refused(self, done, broken_at_serving):
        trained = train(broken_at_serving)
        # The verdict is that of the healthy run: nothing else would have noticed.
        assert trained.method == RANKER
        assert trained.verdict.report == done[1].verdict.report
        assert not trained.admitted
        [refused] = [check for check in trained.checks if not check.holds]
        assert refused.name == RANKER_CHECK
        assert "no figure of quality" in refused.message
        assert "is broken. Train again" in refused.message
        # Its equally broken twin excuses nothing.
        assert not trained.serving.has_floor

    def test_a_twin_alone_refuses_nothing(self, done):
        report = done[1].serving
        gap = replace(report.twin.difference, value=-0.1, low=-0.2, high=-0.01)
        twin = report.twin.model_copy(update={"difference": gap})
        broken = report.model_copy(update={"twin": twin})
        assert failing(broken) == {}
        assert not broken.has_floor
        # The same figures of the ranker itself are a refusal, but for chance.
        assert set(failing(report.model_copy(update={"ranker": twin}))) == {RANKER_CHECK}
        likely = twin.model_copy(update={"difference": replace(gap, high=0.01)})
        assert failing(report.model_copy(update={"ranker": likely})) == {}


class TestSources:
    @pytest.fixture
    def asked(self, done):
        """A fitted source, histories, what the earlier fit listed, and what may be listed."""
        context, _ = done
        fold = context.plan.verdict
        users = fold.label_rows[fold.known.user_counts[fold.label_rows] > 0]
        histories = fold.known.users_at(users, fold.as_of[users])
        return histories, context.allowed(fold.cut)

    @pytest.fixture
    def healthy(self, done) -> FittedSource:
        return fitted("item_knn", done[0].plan.verdict.known)

    def compare(self, asked, source: FittedSource, earlier: FittedSource):
        histories, allowed = asked
        return compare_fits(source, histories, earlier.top(histories, 50, allowed).items, allowed)

    def test_a_source_keeps_its_own_lists(self, asked, healthy):
        same = self.compare(asked, healthy, healthy)
        assert (same.overlap, same.silent) == (1.0, 0.0)
        assert same.lists > 10

    @pytest.mark.parametrize(
        ("fault", "silent", "lists"),
        [("silent", 1.0, 1), ("constant", 0.0, 1), ("permuted", 0.0, None)],
    )
    def test_a_broken_fit_lies_far_outside(self, asked, healthy, fault, silent, lists):
        broken = self.compare(asked, replace(healthy, model=Broken(healthy.model, fault)), healthy)
        assert broken.overlap < BROKEN_SHARE
        assert broken.silent == silent
        if lists is not None:
            assert broken.lists == lists

    def test_overlap_counts_shared_items_at_any_place(self):
        lists = np.array([[1, 2, 3], [4, 5, -1], [-1, -1, -1]])
        earlier = np.array([[3, 2, 9], [4, -1, -1], [7, 8, -1]])
        assert overlap(lists, earlier).tolist() == pytest.approx([2 / 3, 1.0, 0.0])

    def test_sources_of_a_training_keep_what_they_listed(self, done):
        _, trained = done
        assert set(trained.serving.sources) == {"popularity", "ease", "item_knn"}
        for source in trained.serving.sources.values():
            assert source.kept > 2 * BROKEN_SHARE
            assert (source.silent, source.usual_silent) == (0.0, 0.0)

    def test_another_method_is_judged_by_the_sources_it_uses(self, data, tmp_path, monkeypatch):
        monkeypatch.setattr(
            evaluate,
            "select_method",
            lambda *given: replace(select_method(*given), method="item_knn"),
        )
        trained = train(context_of(tmp_path, data, config()))
        serving = trained.serving
        assert (serving.ranker, serving.twin, serving.has_floor) == (None, None, False)
        assert set(serving.sources) == {"item_knn"}
        names = {check.name for check in trained.checks}
        assert SOURCES_CHECK in names
        assert RANKER_CHECK not in names

    @pytest.mark.parametrize(
        ("changes", "refused"),
        [
            ({}, False),
            ({"overlap": 0.1}, True),
            ({"overlap": 0.3}, False),
            # Lists that change whatever happens say nothing, and neither do a few users.
            ({"overlap": 0.0, "usual": 0.05}, False),
            ({"overlap": 0.0, "usual": None}, False),
            ({"overlap": 0.0, "users": 9}, False),
        ],
    )
    def test_a_source_is_refused_where_it_lists_hardly_anything_of_it(self, changes, refused):
        healthy = SourceReport(users=50, overlap=0.8, silent=0.0, lists=50, usual=0.8)
        report = ServingReport(sources={"ease": healthy.model_copy(update=changes)})
        assert set(failing(report)) == ({SOURCES_CHECK} if refused else set())
        if refused:
            assert "ease (overlap@10 0.10, usually 0.80)" in failing(report)[SOURCES_CHECK]


class Broken:
    """A fitted model with a fault."""

    def __init__(self, model, fault: str) -> None:
        self.model, self.fault = model, fault

    def top(self, users: UserHistories, k: int, allowed):
        scores = self.scores(users)
        allowed.mask(scores, users)
        return best(scores, k)

    def scores(self, users: UserHistories) -> Scores:
        scores = self.model.scores(users)
        if self.fault == "silent":
            return np.full_like(scores, np.nan)
        if self.fault == "constant":
            return np.tile(np.arange(scores.shape[1], dtype=np.float32), (len(scores), 1))
        order = np.random.default_rng(1).permutation(scores.shape[1])
        return scores[:, order]
