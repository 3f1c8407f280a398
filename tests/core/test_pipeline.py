"""Training as a whole on a data set of a second: same in, same out; what breaks is left out and said."""

import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from fusion.admit import check_lists
from fusion.arrays import DAY
from fusion.candidates import propose
from fusion.dataset import Dataset
from fusion.errors import ConfigError, DataError
from fusion.folds import plan_folds
from fusion.job import Job
from fusion.live import Live, judgeable
from fusion.pipeline import Trained, train
from fusion.serve import Method, write_lists
from fusion.sources import fit_sources, load_sources
from tests.core import broken
from tests.core.making import QUICK, config, dataset, item_frame, job_of, lively, replaced, user_frame

FILES = ("lists", "served", "fallback", "features", "features_before", "twin")


def tasteful() -> Dataset:
    """Enough items that nobody has met them all, and tastes that sources find."""
    return dataset(
        lively(seed=3, n_users=80, n_items=160, n_events=2800, loyal=0.85),
        item_frame(160),
        user_frame(80),
        has_weights=True,
    )


@pytest.fixture(scope="module")
def data() -> Dataset:
    return tasteful()


@pytest.fixture(scope="module")
def done(data, tmp_path_factory) -> tuple[Job, Trained]:
    job = job_of(tmp_path_factory.mktemp("run"), data, config())
    return job, train(job)


def prints(folder: Path) -> dict[str, str]:
    """What stands in a lists folder, by content."""
    return {
        name: sha256(pl.read_parquet(folder / f"{name}.parquet").write_csv().encode()).hexdigest() for name in FILES
    }


def status(trained: Trained) -> dict[str, str]:
    return {report.name: report.status for report in trained.sources}


def lists_of(trained: Trained) -> pl.DataFrame:
    return pl.read_parquet(trained.lists / "lists.parquet")


class TestSame:
    def test_two_stores_two_processes_the_same_lists(self, done, tmp_path):
        """A fresh process with other hashes makes the same files to the bit."""
        code = (
            "import sys; from pathlib import Path; from fusion.pipeline import train\n"
            "from tests.core.making import *; from tests.core.test_pipeline import prints, tasteful\n"
            "print(sorted(prints(train(job_of(Path(sys.argv[1]), tasteful(), config())).lists).items()))"
        )
        environment = {**os.environ, "PYTHONHASHSEED": "77", "PYTHONPATH": os.getcwd()}
        other = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)], env=environment, capture_output=True, text=True, check=True
        )
        assert other.stdout.strip() == str(sorted(prints(done[1].lists).items()))

    def test_another_seed_gives_other_lists(self, data, done, tmp_path):
        other = train(job_of(tmp_path, data, config(seed=8)))
        assert pl.read_parquet(other.lists / "features.parquet").shape[1] > 20
        assert other.lists.name != done[1].lists.name

    def test_the_same_store_makes_nothing_twice(self, done):
        job, first = done
        before = {file: file.stat().st_mtime_ns for file in job.root.rglob("*") if file.is_file()}
        again = train(job)
        assert again.lists == first.lists
        assert {file: file.stat().st_mtime_ns for file in job.root.rglob("*") if file.is_file()} == before

    def test_a_later_source_reuses_the_fits_of_the_others(self, data, done):
        job, _ = done
        fits = set((job.root / "store" / "fit").iterdir())
        grown = job_of(job.root, data, config((*QUICK, "user_knn")))
        train(grown)
        assert len(set((job.root / "store" / "fit").iterdir()) - fits) == len(grown.plan.labels) + 2

    def test_fits_dropped_for_their_size_are_made_again_only_when_a_table_needs_them(self, data, tmp_path):
        job = job_of(tmp_path, data, config(artifacts={"keep_fit_mb": 0}))
        first = train(job)
        states = list(tmp_path.rglob("state.npz"))
        assert len(states) == len(QUICK) + 1  # those of the serving fold, and the control's
        assert train(job).lists == first.lists
        assert set(tmp_path.rglob("state.npz")) == set(states)
        fresh = train(job_of(tmp_path, data, config((*QUICK, "user_knn"), artifacts={"keep_fit_mb": 0})))
        assert status(fresh) == dict.fromkeys((*QUICK, "user_knn"), "used")
        whole = train(job_of(tmp_path / "other", data, config((*QUICK, "user_knn"))))
        assert prints(fresh.lists) == prints(whole.lists)


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
        ],
    )
    def test_the_run_goes_on_as_if_it_were_not_there(self, data, done, tmp_path, cls, says):
        broken.DiesServing.most = len(data)
        with broken.registered(odd=cls):
            trained = train(job_of(tmp_path, data, config((*QUICK, "odd"))))
        assert status(trained)["odd"].replace("931322", "931,322").startswith(says)
        assert [name for name, state in status(trained).items() if state == "used"] == list(QUICK)
        assert prints(trained.lists) == prints(done[1].lists)
        assert "odd" not in trained.verdict.report["rows"]

    @pytest.mark.parametrize("cls", [broken.Plain, broken.Silent, broken.Infinite, broken.Lister])
    def test_one_that_says_nothing_of_use_does_no_harm(self, data, tmp_path, cls):
        with broken.registered(odd=cls):
            trained = train(job_of(tmp_path, data, config(("popularity", "odd", "ease"))))
        assert set(status(trained).values()) == {"used"}
        assert all(check.holds for check in trained.checks if check.name != "beats random")
        if cls in (broken.Silent, broken.Lister):
            assert trained.verdict.report["rows"]["odd"]["ndcg@10"]["value"] == 0
            assert trained.verdict.report["found"]["sources"]["odd"] == {"share": 0, "unique": 0}

    def test_ease_over_the_memory_leaves_itself_out(self, data, tmp_path):
        trained = train(job_of(tmp_path, data, config(("popularity", "ease"), memory=2e-4)))
        assert status(trained)["popularity"] == "used"
        assert status(trained)["ease"].startswith("left out: needs ")
        assert f"to fit {data.n_items} items, memory is 0.0002 GiB" in status(trained)["ease"]

    def test_a_control_is_no_source(self, data, tmp_path):
        chance = {"name": "chance", "use": "random"}
        trained = train(job_of(tmp_path, data, config(("popularity", chance))))
        assert status(trained)["chance"].startswith("left out: it proposes nothing")

    def test_without_any_source_nothing_runs_and_each_says_why(self, data, tmp_path):
        timeless = dataset(lively(seed=3, n_users=80, n_items=160).drop("time"), item_frame())
        poor = job_of(tmp_path, timeless, config(("ease", "sequence"), memory=1e-5))
        said = r"no source can take part \(ease: left out: needs .*; sequence: left out: the data has no times"
        with pytest.raises(ConfigError, match=said):
            train(poor)
        with broken.registered(odd=broken.DiesScoring), pytest.raises(ConfigError, match="odd: failed while scoring"):
            train(job_of(tmp_path, data, config(("odd",))))

    def test_a_source_whose_code_changed_is_fitted_again(self, data, tmp_path, monkeypatch):
        from fusion import sources

        with broken.registered(odd=broken.Plain):
            job = job_of(tmp_path, data, config(("popularity", "odd")))
            train(job)
            fits = set((tmp_path / "store" / "fit").iterdir())
            changed = sources.source_code
            monkeypatch.setattr(sources, "source_code", lambda cls: changed(cls) + str(cls is broken.Plain))
            train(job)
        assert len(set((tmp_path / "store" / "fit").iterdir()) - fits) >= len(job.plan.labels) + 2


def test_strangers_in_the_verdict_have_a_route_but_no_say(tmp_path):
    """Newcomers whose first interaction falls into the verdict window are judged apart from those with a history."""
    frame = lively(seed=3, n_users=80, n_items=160, n_events=2800, loyal=0.85)
    cut = plan_folds(dataset(frame), config().split).verdict.cut
    newcomers = frame.filter(pl.col("time") >= cut).head(12)
    newcomers = newcomers.with_columns(user=pl.concat_str(pl.lit("new"), pl.row_index()), liked=True)
    job = job_of(tmp_path, dataset(pl.concat([frame, newcomers]).sort("time", maintain_order=True)), config())
    fold = job.plan.verdict
    cold = fold.known.user_counts[fold.label_rows] == 0
    assert cold.sum() >= 5
    report = train(job).verdict.report
    assert report["users"] == (~cold).sum()
    assert report["routes"]["cold"]["users"] == cold.sum()
    assert sum(route["users"] for route in report["routes"].values()) == len(fold.label_rows)
    whole = report["rows"]["ease"]["ndcg@10"]["value"] * report["users"]
    parts = sum(r["users"] * r["ndcg@10"]["ease"] for name, r in report["routes"].items() if name != "cold")
    assert whole == pytest.approx(parts, rel=1e-5)


class TestLists:
    def test_everybody_is_served_whole_or_falls_back(self, done, data):
        _, trained = done
        served = pl.read_parquet(trained.lists / "served.parquet")
        assert served["user"].to_list() == list(range(data.n_users))
        counts = lists_of(trained)["user"].value_counts()
        routes = dict(zip(served["user"], served["route"], strict=True))
        assert {routes[user] for user in counts["user"]} == {"warm"}
        assert set(counts["count"]) == {8}
        nobody = int(data.user_ids.rows(pl.Series(["nobody"]))[0])
        assert routes[nobody] == "cold"
        assert nobody not in counts["user"]

    def test_segments_fall_back_to_what_their_own_take(self, done):
        _, trained = done
        fallback = pl.read_parquet(trained.lists / "fallback.parquet")
        assert set(fallback["segment"]) == {"all", "sex=f", "sex=m"}
        served = pl.read_parquet(trained.lists / "served.parquet")
        assert set(served["segment"]) == {"all", "sex=f", "sex=m"}
        for _, rows in fallback.group_by("segment"):
            assert rows["rank"].to_list() == list(range(1, 9))
            assert rows["score"].is_sorted(descending=True)
        lists = {segment[0]: rows["item"].to_list() for segment, rows in fallback.group_by("segment")}
        assert lists["sex=f"] != lists["sex=m"]

    def test_nothing_seen_nothing_unavailable(self, done, data):
        _, trained = done
        lists = lists_of(trained)
        met = set(zip(data.users.tolist(), data.items.tolist(), strict=True))
        assert not met & set(lists.select("user", "item").iter_rows())
        gone = set(np.flatnonzero(~data.listable(data.as_of)).tolist())
        assert gone
        assert not gone & set(lists["item"])
        assert not gone & set(pl.read_parquet(trained.lists / "fallback.parquet")["item"])

    def test_exclude_seen_false_lists_and_judges_what_came_before(self, data, tmp_path):
        trained = train(job_of(tmp_path, data, config(lists={"exclude_seen": False})))
        met = set(zip(data.users.tolist(), data.items.tolist(), strict=True))
        assert met & set(lists_of(trained).select("user", "item").iter_rows())
        assert "nothing the user has met" not in {check.name for check in trained.checks}
        assert all(check.holds for check in trained.checks if check.name != "beats random")

    def test_active_users_only(self, data, tmp_path):
        early = np.isin(data.users, np.arange(10, 20)) & (data.times > data.times[0] + 20 * DAY)
        quiet = data.take(~early)
        trained = train(job_of(tmp_path, quiet, config(lists={"users": "active:30d"})))
        served = pl.read_parquet(trained.lists / "served.parquet")["user"].to_list()
        assert set(served) == set(np.flatnonzero(quiet.last_times >= quiet.as_of - 30 * DAY).tolist())
        assert not set(served) & set(range(10, 20))
        assert set(lists_of(trained)["user"]) <= set(served)

    def test_nobody_active_is_said(self, data, tmp_path):
        later = replaced(data, as_of=data.as_of + 40 * DAY)
        job = job_of(tmp_path, later, config(lists={"users": "active:30d"}, split={"window": 28}))
        with pytest.raises(DataError, match=r"active:30d.*leaves nobody"):
            train(job)

    def test_lists_longer_than_the_catalogue(self, tmp_path):
        small = dataset(lively(seed=2, n_items=15, n_users=40))
        job = job_of(tmp_path, small, config(lists={"size": 30}))
        trained = train(job)
        counts = lists_of(trained)["user"].value_counts()["count"]
        assert counts.max() < 15
        whole = trained.checks[2]
        assert whole.holds
        assert "because they met all the rest" in whole.message

    @pytest.mark.parametrize("kind", ["last", "random"])
    def test_the_other_kinds_of_split_run_whole(self, data, tmp_path, kind):
        trained = train(job_of(tmp_path, data, config(("popularity", "sequence", "ease"), split={"kind": kind})))
        assert all(check.holds for check in trained.checks)
        assert trained.verdict.report["split"]["kind"] == kind
        assert trained.verdict.report["split"]["optimistic"] == (kind != "time")
        assert (status(trained)["sequence"] == "used") == (kind != "time")
        columns = set(pl.read_parquet(trained.lists / "features.parquet").columns)
        assert ("user_idle_days" in columns) == (kind != "time")

    def test_one_source_one_candidate_no_tables(self, tmp_path):
        bare = dataset(lively(seed=3))
        trained = train(job_of(tmp_path, bare, config(({"name": "popularity", "k": 1},))))
        assert set(lists_of(trained)["user"].value_counts()["count"]) == {8}
        assert all(check.holds for check in trained.checks if check.name != "beats random")
        # The source is judged by its whole list, though it proposes only one item.
        assert (
            trained.verdict.report["rows"]["popularity"]["hit@20"]["value"]
            > trained.verdict.report["rows"]["popularity"]["hit@10"]["value"]
        )


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
    def broken_checks(self, job: Job, trained: Trained, rows: pl.DataFrame, folder: Path) -> dict[str, str]:
        (folder / "served.parquet").write_bytes((trained.lists / "served.parquet").read_bytes())
        rows.write_parquet(folder / "lists.parquet")
        return {check.name: check.message for check in check_lists(job, folder) if not check.holds}

    def test_untouched_lists_break_nothing(self, done, tmp_path):
        assert self.broken_checks(*done, lists_of(done[1]), tmp_path) == {}

    @pytest.mark.parametrize("name", TAMPERINGS)
    def test_each_check_breaks(self, done, tmp_path, name):
        found = self.broken_checks(*done, TAMPERINGS[name](lists_of(done[1])), tmp_path)
        assert name in found
        assert "e.g. " in found[name]
        if name != "no item twice":
            assert set(found) == {name}

    def test_a_seen_or_unavailable_item_breaks(self, done, data, tmp_path):
        job, trained = done
        rows = lists_of(trained)
        first = rows.row(0, named=True)
        seen = int(data.items[data.users == first["user"]][-1])
        gone = int(np.flatnonzero(~data.listable(data.as_of) & (data.item_counts > 0))[0])
        at = pl.row_index() == 0
        for item, name in ((seen, "nothing the user has met"), (gone, "nothing unavailable")):
            changed = rows.with_columns(item=pl.when(at).then(item).otherwise("item").cast(pl.Int32))
            found = self.broken_checks(job, trained, changed, tmp_path)
            assert name in found
            assert data.user_ids.texts(np.array([first["user"]]))[0] in found[name]

    def test_a_user_without_any_list_breaks(self, done, tmp_path):
        rows = lists_of(done[1])
        found = self.broken_checks(*done, rows.filter(pl.col("user") != rows["user"][0]), tmp_path)
        assert set(found) == {"lists are whole"}


class TestAgainstLive:
    def live(self, job: Job, lists: pl.DataFrame, method: str = "ranker", as_of: int | None = None) -> Live:
        moment = job.plan.verdict.cut if as_of is None else as_of
        return Live("before", method, "time", job.plan.window, moment, lambda: lists)

    def perfect(self, job: Job) -> pl.DataFrame:
        """Lists of somebody who knew the labels."""
        fold = job.plan.verdict
        frame = pl.DataFrame(
            {"user_id": job.data.user_ids.texts(fold.label_users), "item_id": job.data.item_ids.texts(fold.label_items)}
        )
        return frame.with_columns(rank=pl.int_range(1, pl.len() + 1).over("user_id"))

    def test_a_run_far_behind_live_is_refused(self, done):
        job, _ = done
        fair = Job(config(gate={"users": 10}), job.data, job.plan, job.root)
        trained = train(fair, self.live(job, self.perfect(job)))
        assert not trained.admitted
        refused = [check for check in trained.checks if not check.holds]
        assert [check.name for check in refused] == ["keeps up with live"]
        assert trained.verdict.live_ndcg == pytest.approx(1)
        assert "gate.max_loss = 0.05 allows -0.0500" in refused[0].message
        lenient = Job(config(gate={"users": 10, "max_loss": 1.0}), job.data, job.plan, job.root)
        assert train(lenient, self.live(job, self.perfect(job))).admitted

    def test_the_loss_is_a_share_of_the_live_lists_among_the_users_judged(self, done):
        """Live lists that are the chosen lists but for every tenth user: a loss of 0.05 of them is not reached."""
        job, _ = done
        perfect = self.perfect(job)
        some = perfect.filter(pl.col("user_id").hash() % 2 == 0)
        trained = train(Job(config(gate={"users": 1}), job.data, job.plan, job.root), self.live(job, some))
        share = trained.verdict.live_ndcg
        assert 0.2 < share < 0.8
        floor = -0.05 * share
        assert f"allows {floor:+.4f}" in trained.checks[1].message
        report = trained.verdict.report["live"]
        assert report["run"] == "before"
        assert report["difference"]["value"] == trained.verdict.live_gap.value

    def test_live_lists_that_knew_the_window_are_not_compared(self, done):
        job, _ = done
        late = self.live(job, self.perfect(job), as_of=job.plan.verdict.cut + 1)
        trained = train(job, late)
        assert trained.admitted
        assert trained.checks[1].message.startswith("not judged: 0 users")
        assert trained.verdict.live_gap is None

    def test_too_few_users_are_no_ground_to_refuse(self, done):
        job, _ = done
        assert train(job, self.live(job, self.perfect(job))).admitted  # gate.users = 100 and there are fewer

    def test_unknown_ids_and_no_lists_count_nothing(self, done):
        job, _ = done
        perfect = self.perfect(job)
        for lists in (perfect.head(0), perfect.with_columns(item_id=pl.lit("never heard of"))):
            trained = train(Job(config(gate={"users": 1}), job.data, job.plan, job.root), self.live(job, lists))
            assert trained.verdict.live_ndcg == 0
            assert trained.admitted

    def test_who_may_be_judged(self, data):
        live = Live("r", "ranker", "last", None, data.as_of - 10 * DAY, pl.DataFrame)
        split = config().split
        last = plan_folds(data, split.model_copy(update={"kind": "last"}))
        assert np.array_equal(judgeable(live, last), last.verdict.as_of >= live.as_of)
        assert 0 < judgeable(live, last).sum() < data.n_users
        assert not judgeable(live, plan_folds(data, split.model_copy(update={"kind": "random"}))).any()


@pytest.mark.parametrize("method", ["ease", "popularity", "blend"])
def test_a_method_lists_in_its_own_order(done, tmp_path, method):
    """A source that is published gives the very list it gives alone; the blend what reciprocal ranks say."""
    job, _ = done
    plan = job.plan
    fits, reports = fit_sources(job, (*plan.labels, plan.verdict, plan.serving))
    sources = load_sources(job, plan.serving, fits["serving"], reports)
    write_lists(tmp_path, job, sources, Method(method))
    rows = pl.read_parquet(tmp_path / "lists.parquet")
    users = plan.serving.known.users_at(
        rows["user"].unique(maintain_order=True).to_numpy(), np.full(80, plan.serving.cut)
    )
    allowed = job.allowed(plan.serving.cut)
    listed = rows["item"].to_numpy().reshape(80, 8)
    if method == "blend":
        found = propose(sources, users, allowed)
        for at in range(80):
            mine = found.pairs.of_users(slice(at, at + 1))
            items, fused = found.pairs.items[mine], np.zeros(mine.stop - mine.start)
            for column in found.scores[mine].T:
                speaking = np.flatnonzero(~np.isnan(column))
                for place, row in enumerate(sorted(speaking, key=lambda n: (-column[n], items[n]))):
                    fused[row] += 1 / (61 + place)
            order = np.lexsort((items, -fused.astype(np.float32)))
            assert listed[at].tolist() == items[order][:8].tolist()
    else:
        assert np.array_equal(listed, next(s for s in sources if s.name == method).top(users, 8, allowed).items)
    assert len(pl.read_parquet(tmp_path / "twin.parquet")) == 0
    best = next(s for s in sources if s.name == "ease").top(users, 100, allowed).items
    for row in rows.filter(pl.col("source") == "ease").head(50).iter_rows(named=True):
        assert best[users.rows.tolist().index(row["user"])].tolist().index(row["item"]) + 1 == row["source_rank"]


def test_the_rankers_lists_come_with_a_twin_and_features_of_the_same_users(done):
    job, _ = done
    trained = train(job, Live("before", "ranker", "time", None, job.data.as_of, pl.DataFrame))
    assert trained.method == "ranker"
    twin = pl.read_parquet(trained.lists / "twin.parquet")
    lists = lists_of(trained)
    assert set(twin["user"]) == set(job.plan.verdict.label_rows.tolist())
    both = lists.join(twin, on=["user", "rank"], suffix="_twin")
    assert len(both) == len(twin)
    assert 0 < (both["item"] == both["item_twin"]).mean() < 1
    now, before = (pl.read_parquet(trained.lists / f"{name}.parquet") for name in ("features", "features_before"))
    assert now.columns == before.columns
    assert sum(trained.importance.values()) == pytest.approx(1)


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
    """With seed 2 the best of seven rows beats the control by luck; on users that did not choose it, it does not."""
    for seed in (0, 2, 3):
        settings = config(("popularity", "ease", "item_knn", "user_knn", "sequence"), seed=seed)
        trained = train(job_of(tmp_path / str(seed), noise(seed), settings))
        ranker, random = (trained.verdict.report["rows"][row]["ndcg@10"] for row in ("ranker", "random"))
        assert ranker["low"] <= random["high"]
        assert [check.name for check in trained.checks if not check.holds] == ["beats random"]
