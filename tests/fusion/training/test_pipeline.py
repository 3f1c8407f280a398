"""Training as a whole, within a second: same in, same out; what breaks is left out and said."""

import os
import shutil
import subprocess
import sys

import numpy as np
import polars as pl
import pytest

from fusion.config import DEFAULT_SOURCES
from fusion.core.arrays import DAY
from fusion.data.dataset import Dataset
from fusion.data.splitting.folds import plan_folds
from fusion.errors import ConfigError
from fusion.training.pipeline import train
from tests.fusion import broken
from tests.fusion.making import (
    QUICK,
    config,
    context_of,
    dataset,
    item_frame,
    synthetic_interactions,
)
from tests.fusion.whole import file_digests, status


class TestSame:
    def test_two_stores_two_processes_the_same_lists(self, done, tmp_path):
        """A fresh process with other hashes makes the same files to the bit."""
        code = (
            "import sys; from pathlib import Path; from fusion.training.pipeline import train\n"
            "from tests.fusion.making import *; from tests.fusion.whole import file_digests\n"
            "trained = train(context_of(Path(sys.argv[1]), synthetic_dataset(), config()))\n"
            "print(sorted(file_digests(trained.lists).items()))"
        )
        environment = {**os.environ, "PYTHONHASHSEED": "77", "PYTHONPATH": os.getcwd()}
        other = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert other.stdout.strip() == str(sorted(file_digests(done[1].lists).items()))

    def test_another_seed_gives_other_lists(self, data, done, tmp_path):
        other = train(context_of(tmp_path, data, config(seed=8)))
        assert pl.read_parquet(other.lists / "features.parquet").shape[1] > 20
        assert other.lists.name != done[1].lists.name

    def test_the_same_store_makes_nothing_twice(self, done):
        context, first = done
        before = {
            file: file.stat().st_mtime_ns for file in context.root.rglob("*") if file.is_file()
        }
        again = train(context)
        assert again.lists == first.lists
        assert {
            file: file.stat().st_mtime_ns for file in context.root.rglob("*") if file.is_file()
        } == before

    def test_a_later_source_reuses_the_fits_of_the_others(self, data, done, tmp_path):
        shutil.copytree(done[0].root, tmp_path, dirs_exist_ok=True)
        fits = set((tmp_path / "store" / "fit").iterdir())
        ranker_settings = context_of(tmp_path, data, config((*QUICK, "user_knn")))
        train(ranker_settings)
        assert (
            len(set((tmp_path / "store" / "fit").iterdir()) - fits)
            == len(ranker_settings.plan.labels) + 2
        )

    def test_fits_dropped_for_their_size_are_made_again_only_when_a_table_needs_them(
        self, data, tmp_path
    ):
        context = context_of(tmp_path, data, config(artifacts={"keep_fit_mb": 0}))
        first = train(context)
        states = list(tmp_path.rglob("state.npz"))
        assert len(states) == len(QUICK) + 1  # those of the serving fold, and the control's
        assert train(context).lists == first.lists
        assert set(tmp_path.rglob("state.npz")) == set(states)
        fresh = train(
            context_of(tmp_path, data, config((*QUICK, "user_knn"), artifacts={"keep_fit_mb": 0}))
        )
        assert status(fresh) == dict.fromkeys((*QUICK, "user_knn"), "used")
        whole = train(context_of(tmp_path / "other", data, config((*QUICK, "user_knn"))))
        assert file_digests(fresh.lists) == file_digests(whole.lists)


class TestSourcesThatBreak:
    @pytest.mark.parametrize(
        ("cls", "says"),
        [
            (broken.DiesFitting, "failed on label-2: RuntimeError: no heart to learn"),
            (broken.DiesScoring, "failed while scoring: RuntimeError: cannot look at them"),
            (broken.DiesServing, "failed while scoring: MemoryError: "),
            (broken.DiesWaking, "failed while scoring: KeyError: 'events'"),
            (broken.Misshapen, "failed while scoring: IndexError"),
            (broken.Hungry, "left out: needs 931,322"),
            (broken.NeedsNaN, "left out: memory_bytes failed: ValueError: it gave nan"),
        ],
    )
    def test_the_run_goes_on_as_if_it_were_not_there(self, data, done, tmp_path, cls, says):
        broken.DiesServing.most = len(data)
        with broken.registered(odd=cls):
            trained = train(context_of(tmp_path, data, config((*QUICK, "odd"))))
        assert status(trained)["odd"].replace("931322", "931,322").startswith(says)
        assert [name for name, state in status(trained).items() if state == "used"] == list(QUICK)
        assert file_digests(trained.lists) == file_digests(done[1].lists)
        assert "odd" not in trained.verdict.report.rows

    def test_a_full_disk_is_no_source_s_fault_and_ends_the_run(self, data, tmp_path):
        with (
            broken.registered(odd=broken.FindsNoRoom),
            pytest.raises(OSError, match="No space left"),
        ):
            train(context_of(tmp_path, data, config((*QUICK, "odd"))))

    @pytest.mark.parametrize("cls", [broken.Plain, broken.Silent, broken.Infinite, broken.Lister])
    def test_one_that_says_nothing_of_use_does_no_harm(self, data, tmp_path, cls):
        with broken.registered(odd=cls):
            trained = train(context_of(tmp_path, data, config(("popularity", "odd", "ease"))))
        assert set(status(trained).values()) == {"used"}
        assert all(check.holds for check in trained.checks if check.name != "beats random")
        if cls in (broken.Silent, broken.Lister):
            assert trained.verdict.report.rows["odd"]["ndcg@10"].value == 0
            recall = trained.verdict.report.candidate_recall.sources["odd"]
            assert (recall.share, recall.unique) == (0, 0)

    def test_ease_over_the_memory_leaves_itself_out(self, data, tmp_path):
        trained = train(context_of(tmp_path, data, config(("popularity", "ease"), memory=1e-4)))
        assert status(trained)["popularity"] == "used"
        assert status(trained)["ease"].startswith("left out: needs ")
        assert f"to fit {data.n_items} items, memory is 0.0001 GiB" in status(trained)["ease"]

    def test_a_control_is_no_source(self, data, tmp_path):
        chance = {"name": "chance", "use": "random"}
        trained = train(context_of(tmp_path, data, config(("popularity", chance))))
        assert status(trained)["chance"].startswith("left out: it proposes nothing")

    def test_without_any_source_nothing_runs_and_each_says_why(self, data, tmp_path):
        timeless = dataset(
            synthetic_interactions(seed=3, n_users=80, n_items=160).drop("time"), item_frame()
        )
        poor = context_of(tmp_path, timeless, config(("ease", "sequence"), memory=1e-5))
        said = (
            r"no source can take part \(ease: left out: needs .*; "
            "sequence: left out: the data has no times"
        )
        with pytest.raises(ConfigError, match=said):
            train(poor)
        with (
            broken.registered(odd=broken.DiesScoring),
            pytest.raises(ConfigError, match="odd: failed while scoring"),
        ):
            train(context_of(tmp_path, data, config(("odd",))))

    def test_a_first_fit_without_a_step_is_no_number_of_steps_for_the_others(self, data, tmp_path):
        max_steps = []

        class Idle(broken.Plain):
            def fit(self, data, ctx):
                max_steps.append(ctx.max_steps)
                self.notes = {"steps": 0}
                return super().fit(data, ctx)

        with broken.registered(odd=Idle):
            train(context_of(tmp_path, data, config(("popularity", "odd"))))
        assert set(max_steps) == {None}

    @pytest.mark.parametrize("changes", ["code", "model"])
    def test_a_source_whose_code_or_model_changed_is_fitted_again(
        self, data, tmp_path, monkeypatch, changes
    ):
        from fusion.training import fit_stage as fitting

        with broken.registered(odd=broken.Plain):
            context = context_of(tmp_path, data, config(("popularity", "odd")))
            train(context)
            fits = set((tmp_path / "store" / "fit").iterdir())
            before = fitting.model_code
            if changes == "code":
                monkeypatch.setattr(
                    fitting,
                    "model_code",
                    lambda model: before(model) + str(type(model) is broken.Plain),
                )
            else:
                monkeypatch.setattr(broken.Plain, "cache_key", lambda self: "another model")
            train(context)
        assert (
            len(set((tmp_path / "store" / "fit").iterdir()) - fits) >= len(context.plan.labels) + 2
        )


def test_new_users_in_the_verdict_have_a_route_but_no_say(tmp_path):
    """Users whose first interaction is in the verdict window are judged apart from others."""
    frame = synthetic_interactions(seed=3, n_users=80, n_items=160, n_events=2800, loyal=0.85)
    cut = plan_folds(dataset(frame), config().split).verdict.cut
    newcomers = frame.filter(pl.col("time") >= cut).head(12)
    newcomers = newcomers.with_columns(
        user=pl.concat_str(pl.lit("new"), pl.row_index()), liked=True
    )
    context = context_of(
        tmp_path, dataset(pl.concat([frame, newcomers]).sort("time", maintain_order=True)), config()
    )
    fold = context.plan.verdict
    cold = fold.known.user_counts[fold.label_rows] == 0
    assert cold.sum() >= 5
    report = train(context).verdict.report.model_dump(mode="json")
    assert report["users"] == (~cold).sum()
    assert report["routes"]["cold"]["users"] == cold.sum()
    assert sum(route["users"] for route in report["routes"].values()) == len(fold.label_rows)
    whole = report["rows"]["ease"]["ndcg@10"]["value"] * report["users"]
    parts = sum(
        r["users"] * r["rows"]["ease"]["ndcg@10"]["value"]
        for name, r in report["routes"].items()
        if name != "cold"
    )
    assert whole == pytest.approx(parts, rel=1e-5)


def noise(seed: int) -> Dataset:
    """Interactions without any structure: nobody can know better than chance."""
    rng = np.random.default_rng([seed, 99])
    n = 2500
    frame = pl.DataFrame(
        {
            "user": [f"u{u}" for u in rng.integers(60, size=n)],
            "item": [f"i{i}" for i in rng.integers(200, size=n)],
            "time": np.sort(rng.integers(0, 80 * DAY, size=n)) + 20_000 * DAY,
            "weight": np.ones(n, np.float32),
            "liked": np.ones(n, bool),
        }
    )
    return dataset(frame)


def test_without_structure_no_skill_is_claimed(tmp_path):
    """With seed 2 the best of seven rows beats random by luck, but not on other users."""
    for seed in (0, 2, 3):
        settings = config(("popularity", "ease", "item_knn", "user_knn", "sequence"), seed=seed)
        trained = train(context_of(tmp_path / str(seed), noise(seed), settings))
        ranker, random = (
            trained.verdict.report.rows[row]["ndcg@10"] for row in ("ranker", "random")
        )
        assert ranker.low <= random.high
        assert [check.name for check in trained.checks if not check.holds] == ["beats random"]


@pytest.mark.parametrize(
    ("kind", "last"), [("time", "neural"), ("last", "neural"), ("random", "autoencoder")]
)
def test_the_default_set_follows_what_the_plan_leaves_of_times(data, tmp_path, kind, last):
    context = context_of(tmp_path, data, config((), split={"kind": kind}))
    assert context.sources[-1].name == last
    assert len({source.name for source in context.sources}) == len(DEFAULT_SOURCES)
