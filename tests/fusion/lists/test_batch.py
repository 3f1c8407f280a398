"""Who gets a list or the fallback, and what stands in it."""

import numpy as np
import polars as pl
import pytest

from fusion.core.arrays import DAY
from fusion.data.segments import ROUTES
from fusion.errors import DataError
from fusion.evaluation.live_baseline import Live
from fusion.lists.batch import write_fallback, write_lists
from fusion.lists.builder import serving_users
from fusion.ranking.candidates import propose
from fusion.ranking.method import Method
from fusion.runs.run_folder import ListsFolder
from fusion.training.fits import fit_sources
from fusion.training.pipeline import train
from fusion.training.source_fits import load_sources
from tests.fusion.making import config, context_of, dataset, replaced, synthetic_interactions
from tests.fusion.whole import lists_of, status


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
        lists = {
            segment[0]: rows["item"].to_list() for segment, rows in fallback.group_by("segment")
        }
        assert lists["sex=f"] != lists["sex=m"]

    def test_nothing_seen_nothing_unavailable(self, done, data):
        _, trained = done
        lists = lists_of(trained)
        seen = set(zip(data.users.tolist(), data.items.tolist(), strict=True))
        assert not seen & set(lists.select("user", "item").iter_rows())
        gone = set(np.flatnonzero(~data.listable(data.as_of)).tolist())
        assert gone
        assert not gone & set(lists["item"])
        assert not gone & set(pl.read_parquet(trained.lists / "fallback.parquet")["item"])

    def test_exclude_seen_false_lists_and_judges_what_came_before(self, data, tmp_path):
        trained = train(context_of(tmp_path, data, config(lists={"exclude_seen": False})))
        seen = set(zip(data.users.tolist(), data.items.tolist(), strict=True))
        assert seen & set(lists_of(trained).select("user", "item").iter_rows())
        assert "nothing the user has met" not in {check.name for check in trained.checks}
        assert all(check.holds for check in trained.checks if check.name != "beats random")

    def test_active_users_only(self, data, tmp_path):
        early = np.isin(data.users, np.arange(10, 20)) & (data.times > data.times[0] + 20 * DAY)
        quiet = data.take(~early)
        trained = train(context_of(tmp_path, quiet, config(lists={"users": "active:30d"})))
        served = pl.read_parquet(trained.lists / "served.parquet")["user"].to_list()
        is_active = quiet.last_times >= quiet.as_of - 30 * DAY
        is_cold = quiet.user_counts == 0
        assert set(served) == set(np.flatnonzero(is_active | is_cold).tolist())
        assert not set(served) & set(range(10, 20))
        assert set(lists_of(trained)["user"]) <= set(served)

    def test_cold_users_are_served_whatever_the_days_asked_for(self, data, tmp_path):
        """Without their row nobody would know whose fallback serves them."""
        clubs = pl.Series("club", ["red", "blue"]).gather(np.arange(data.n_users) % 2)
        table = clubs.to_frame()
        newcomers = replaced(data.take(data.users >= 4), user_table=table)
        context = context_of(tmp_path, newcomers, config(lists={"users": "active:1d"}))
        users, routes = serving_users(context)
        assert users[routes == ROUTES.index("cold")][:4].tolist() == [0, 1, 2, 3]
        assert len(users) < data.n_users
        folder = ListsFolder(tmp_path)
        write_fallback(folder, context, users, routes, None)
        served = pl.read_parquet(folder.served)
        assert served["segment"][:4].to_list() == ["club=red", "club=blue"] * 2

    def test_nobody_active_is_said(self, data, tmp_path):
        later = replaced(data, as_of=data.as_of + 40 * DAY)
        context = context_of(
            tmp_path, later, config(lists={"users": "active:30d"}, split={"window": 28})
        )
        with pytest.raises(DataError, match=r"active:30d.*leaves nobody"):
            train(context)

    def test_lists_longer_than_the_catalogue(self, tmp_path):
        small = dataset(synthetic_interactions(seed=2, n_items=15, n_users=40))
        context = context_of(tmp_path, small, config(lists={"size": 30}))
        trained = train(context)
        counts = lists_of(trained)["user"].value_counts()["count"]
        assert counts.max() < 15
        whole = trained.checks[2]
        assert whole.holds
        assert "because they have seen the rest" in whole.message

    @pytest.mark.parametrize("kind", ["last", "random"])
    def test_the_other_kinds_of_split_run_whole(self, data, tmp_path, kind):
        trained = train(
            context_of(
                tmp_path, data, config(("popularity", "sequence", "ease"), split={"kind": kind})
            )
        )
        assert all(check.holds for check in trained.checks)
        assert trained.verdict.report.split.kind == kind
        assert trained.verdict.report.split.optimistic
        assert (status(trained)["sequence"] == "used") == (kind == "last")
        columns = set(pl.read_parquet(trained.lists / "features.parquet").columns)
        assert ("user_idle_days" in columns) == (kind == "last")

    def test_one_source_one_candidate_no_tables(self, tmp_path):
        bare = dataset(synthetic_interactions(seed=3))
        trained = train(context_of(tmp_path, bare, config(({"name": "popularity", "k": 1},))))
        assert set(lists_of(trained)["user"].value_counts()["count"]) == {8}
        assert all(check.holds for check in trained.checks if check.name != "beats random")
        # The source is judged by its whole list, though it proposes only one item.
        row = trained.verdict.report.rows["popularity"]
        assert row["hit@20"].value > row["hit@10"].value


@pytest.mark.parametrize("method", ["ease", "popularity", "blend"])
def test_a_method_lists_in_its_own_order(done, tmp_path, method):
    """A published source lists as it does alone, the blend by the sum of reciprocal ranks."""
    context, _ = done
    plan = context.plan
    fits = fit_sources(context, (*plan.labels, plan.verdict, plan.serving))
    sources = load_sources(fits.on(plan.serving), context.runtime)
    write_lists(ListsFolder(tmp_path), context, sources, Method(method))
    rows = pl.read_parquet(tmp_path / "lists.parquet")
    users = plan.serving.known.users_at(
        rows["user"].unique(maintain_order=True).to_numpy(), np.full(80, plan.serving.cut)
    )
    allowed = context.allowed(plan.serving.cut)
    listed = rows["item"].to_numpy().reshape(80, 8)
    if method == "blend":
        candidates = propose(sources, users, allowed)
        for at in range(80):
            mine = candidates.pairs.of_users(slice(at, at + 1))
            items, fused = candidates.pairs.items[mine], np.zeros(mine.stop - mine.start)
            for column in candidates.scores[mine].T:
                speaking = np.flatnonzero(~np.isnan(column))
                for place, row in enumerate(sorted(speaking, key=lambda n: (-column[n], items[n]))):
                    fused[row] += 1 / (61 + place)
            order = np.lexsort((items, -fused.astype(np.float32)))
            assert listed[at].tolist() == items[order][:8].tolist()
    else:
        assert np.array_equal(
            listed, next(s for s in sources if s.name == method).top(users, 8, allowed).items
        )
    assert len(pl.read_parquet(tmp_path / "twin.parquet")) == 0
    best = next(s for s in sources if s.name == "ease").top(users, 100, allowed).items
    for row in rows.filter(pl.col("source") == "ease").head(50).iter_rows(named=True):
        assert (
            best[users.rows.tolist().index(row["user"])].tolist().index(row["item"]) + 1
            == row["source_rank"]
        )


def test_the_rankers_lists_come_with_a_twin_and_features_of_the_same_users(done):
    context, _ = done
    trained = train(context, Live("before", "ranker", "time", None, context.data.as_of))
    assert trained.method == "ranker"
    twin = pl.read_parquet(trained.lists / "twin.parquet")
    lists = lists_of(trained)
    assert set(twin["user"]) == set(context.plan.verdict.label_rows.tolist())
    both = lists.join(twin, on=["user", "rank"], suffix="_twin")
    assert len(both) == len(twin)
    assert 0 < (both["item"] == both["item_twin"]).mean() < 1
    now, before = (
        pl.read_parquet(trained.lists / f"{name}.parquet")
        for name in ("features", "features_before")
    )
    assert now.columns == before.columns
    assert (
        set(now["user_row"])
        == set(before["user_row"])
        == set(context.plan.verdict.label_rows.tolist())
    )
    assert sum(trained.importance.values()) == pytest.approx(1)
