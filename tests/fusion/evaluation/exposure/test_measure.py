"""Exposure against interest: planted shares, a slow obvious version, intervals that cover."""

from math import log2

import numpy as np
import polars as pl
import pytest

from fusion.core.arrays import DAY
from fusion.data.item_groups.groups import HEAD, MIDDLE, TAIL, item_groups
from fusion.evaluation.exposure import measure
from fusion.evaluation.exposure.measure import group_figures, measure_exposure, sums_by_user
from fusion.evaluation.exposure.report import GroupExposure
from fusion.runs.run_folder import ListsFolder
from tests.fusion.making import dataset, frame_of
from tests.fusion.whole import lists_of

ITEMS = pl.DataFrame(
    {"id": ["a", "b", "c", "d"], "kind": [["x"], ["x", "y"], ["y"], None]},
    schema_overrides={"kind": pl.List(pl.String)},
)
EVENTS = [("u", "a", 1), ("u", "b", 40), ("v", "b", 41), ("v", "c", 42), ("w", "b", 42)]


@pytest.fixture
def known():
    return dataset(frame_of(EVENTS), ITEMS)


def test_shares_by_hand(known):
    """u sees b then a, v sees c alone."""
    groups = item_groups(known, window=28)
    rows = known.item_ids.rows(pl.Series(["b", "a", "c"]))
    users = known.user_ids.rows(pl.Series(["u", "u", "v"]))
    listed = users, rows, np.array([1, 2, 1], np.int32)
    events = known.users[groups.recent], known.items[groups.recent]
    figures = group_figures(sums_by_user(listed, events, groups), groups, seed=7)
    second = 1 / log2(3)
    assert figures["kind=x"].exposure == pytest.approx((1 + second) / (2 + second))
    assert figures["kind=x"].interest == pytest.approx(3 / 4)
    assert figures["kind=y"].exposure == pytest.approx(2 / (2 + second))
    assert figures["kind=y"].interest == pytest.approx(1)
    assert figures[TAIL].ratio is None  # no event of the window is of the tail
    assert figures[HEAD].ratio == pytest.approx(1 / (2 + second) / 0.75)


def test_a_whole_run_beside_the_slow_way(done):
    context, trained = done
    report = trained.exposure
    data, known = context.data, context.plan.serving.known
    assert report.size == 5
    recent = known.times >= known.as_of - report.days * DAY
    lists = lists_of(trained).filter(pl.col("rank") <= 5)
    assert report.users == lists["user"].n_unique()
    assert report.events == recent.sum()
    whole = sum(1 / log2(rank + 1) for rank in lists["rank"])
    for genre in ("jazz", "noir"):
        has = [genre in (kinds or []) for kinds in data.item_table["genres"].to_list()]
        shown = sum(
            1 / log2(rank + 1)
            for rank, item in lists.select("rank", "item").iter_rows()
            if has[item]
        )
        taken = sum(has[item] for item in known.items[recent])
        group = report.groups[f"genres={genre}"]
        assert group.exposure == pytest.approx(shown / whole)
        assert group.interest == pytest.approx(taken / recent.sum())
        assert group.low < group.ratio < group.high
    again = measure_exposure(context, ListsFolder(trained.lists))
    assert again == report


def test_popularity_groups_share_everything_once(done):
    groups = done[1].exposure.groups
    assert sum(groups[name].exposure for name in (HEAD, MIDDLE, TAIL)) == pytest.approx(1)
    assert sum(groups[name].interest for name in (HEAD, MIDDLE, TAIL)) == pytest.approx(1)
    assert groups[HEAD].interest >= 0.5


def test_sums_of_many_users_leave_shares_and_widths_as_they_are(done, monkeypatch):
    """Users drawn together into 30 cells: the same ratio, an interval of about the same width."""
    context, trained = done
    monkeypatch.setattr(measure, "DEFAULTS", measure.DEFAULTS.__class__(cells=30, resamples=1000))
    few = measure_exposure(context, ListsFolder(trained.lists)).groups
    for name, group in trained.exposure.groups.items():
        assert few[name].ratio == (None if group.ratio is None else pytest.approx(group.ratio))
    widths = [
        (few[name].high - few[name].low) / (group.high - group.low)
        for name, group in trained.exposure.groups.items()
        if "=" in name
    ]
    assert 0.75 < np.median(widths) < 1.35


def test_the_interval_covers_what_most_samples_of_users_give():
    """A thousand users like x half as often as they are shown it: the ratio is 2."""
    rng, covered = np.random.default_rng(5), 0
    items = ITEMS.head(3)
    for _ in range(40):
        events = [
            (f"u{user}", "a" if rng.random() < 0.3 else "c", 41 + rng.random())
            for user in range(150)
            for _ in range(1 + user % 3)
        ]
        known = dataset(frame_of([*events, ("u0", "b", 41)]), items)
        groups = item_groups(known, window=28)
        users = np.arange(known.n_users, dtype=np.int32)
        shows = known.item_ids.rows(pl.Series(["a", "c"]))
        listed = users, shows[(rng.random(known.n_users) > 0.6).astype(int)], np.ones_like(users)
        figures = group_figures(
            sums_by_user(listed, (known.users, known.items), groups), groups, seed=1
        )
        group = figures["kind=x"]
        covered += group.low <= 2 <= group.high
    assert covered >= 34


@pytest.mark.parametrize(
    ("low", "high", "leaves"),
    [(2.1, 3, True), (1.9, 3, False), (0.1, 0.4, True), (0.1, 0.6, False), (2.1, None, True)],
)
def test_a_group_leaves_where_its_whole_interval_does(low, high, leaves):
    group = GroupExposure(items=1, exposure=0.2, interest=0.1, ratio=2.0, low=low, high=high)
    assert group.leaves(2) is leaves
    assert not GroupExposure(items=1, exposure=0.2, interest=0).leaves(2)


def test_lists_from_attributes_count_for_nothing(done, tmp_path):
    """As if half of the users had no history: the others' lists are all that is measured."""
    context, trained = done
    made, fewer = ListsFolder(trained.lists), ListsFolder(tmp_path)
    served = pl.read_parquet(made.served)
    is_cold = pl.col("user") % 2 == 0
    route = pl.when(is_cold).then(pl.lit("cold")).otherwise("route").alias("route")
    served.with_columns(route).write_parquet(fewer.served)
    lists = pl.read_parquet(made.lists)
    lists.write_parquet(fewer.lists)
    report = measure_exposure(context, fewer)
    assert report.users == lists.filter(~is_cold)["user"].n_unique() < trained.exposure.users
    lists.filter(~is_cold).write_parquet(fewer.lists)
    served.write_parquet(fewer.served)
    assert measure_exposure(context, fewer) == report
