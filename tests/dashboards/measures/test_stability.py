import numpy as np
import polars as pl
import pytest

from dashboards.measures.exposure import exposure, gini
from dashboards.measures.metric_schema import METRIC_SCHEMA
from dashboards.measures.stability import interval, stability
from fusion.errors import DataError
from tests.dashboards.samples import lists


def frame(given: dict[str, str]) -> pl.DataFrame:
    """Lists by user, an item a letter: {"ann": "abc"}."""
    rows = [
        (user, rank, item) for user, items in given.items() for rank, item in enumerate(items, 1)
    ]
    return pl.DataFrame(
        rows, schema={"user_id": pl.String, "rank": pl.Int64, "item_id": pl.String}, orient="row"
    )


def test_figures_by_hand():
    found = stability(
        frame({"ann": "abc", "bob": "abc", "old": "a"}),
        frame({"ann": "abc", "bob": "bad", "new": "a"}),
    )
    assert found.users["user_id"].to_list() == ["ann", "bob"]
    assert found.users["jaccard"].to_list() == [1, 0.5]
    assert found.value("jaccard") == 0.75
    assert found.value("churn") == 0.25
    assert found.value("top1_changed") == 0.5
    assert found.value("unchanged") == 0.5
    counts = [found.value(f"users_{name}") for name in ("both", "gained", "lost")]
    assert counts == [2, 1, 1]
    assert found.value("items_kept") == 1
    assert found.value("rbo_p90") == pytest.approx(np.quantile(found.users["rbo"], 0.9))


def test_only_the_first_k_count_and_holes_in_ranks_close_up():
    previous = frame({"ann": "abcd"})
    current = frame({"ann": "abxy"}).filter(pl.col("rank") != 1)
    assert stability(previous, frame({"ann": "abxy"}), k=2).value("unchanged") == 1
    found = stability(previous, current, k=3)
    assert found.value("jaccard") == 0.25  # abc against bx
    assert found.value("top1_changed") == 1


def test_row_order_does_not_matter():
    previous, current = lists(30, 1, 0.5), lists(30, 2, 0.5)
    mixed = stability(
        previous.sample(fraction=1, shuffle=True, seed=1),
        current.sample(fraction=1, shuffle=True, seed=2),
    )
    assert mixed.rows().equals(stability(previous, current).rows())


def test_segments_have_rows_of_their_own():
    segments = pl.DataFrame({"user_id": ["ann", "bob", "eve"], "segment": ["warm", "cold", "warm"]})
    found = stability(
        frame({"ann": "ab", "bob": "ab"}), frame({"ann": "ab", "bob": "cd"}), segments=segments
    )
    assert found.value("churn", "warm") == 0
    assert found.value("churn", "cold") == 1
    assert found.value("users_both", "warm") == 1


def test_rows_are_unique_even_with_a_segment_called_all():
    segments = pl.DataFrame({"user_id": ["ann", "bob"], "segment": ["all", "warm"]})
    rows = stability(
        frame({"ann": "ab", "bob": "ab"}), frame({"ann": "ab", "bob": "cd"}), segments=segments
    ).rows()
    assert not rows.select("subject", "segment", "name", "k").is_duplicated().any()
    assert set(rows["segment"]) == {"all", "warm"}


def test_chance_is_the_twin_against_current_on_the_twins_users():
    previous, current, twin = (
        frame({"ann": "xy", "bob": "xy"}),
        frame({"ann": "ab", "bob": "cd"}),
        frame({"ann": "ac"}),
    )
    found = stability(previous, current, twin=twin)
    assert found.value("jaccard") == 0
    assert found.value("jaccard_chance") == pytest.approx(1 / 3)
    assert found.value("rbo_chance") == pytest.approx(
        0.9 * 0.5 + 0.1
    )  # X_2 / 2 p^2 + (1-p)/p (p + p^2 / 2)
    assert stability(previous, current).value("jaccard_chance") is None


def test_intervals_hold_the_mean_and_shrink_with_users():
    few, many = (
        stability(lists(users, 1, 0.5), lists(users, 2, 0.5)).rows() for users in (40, 1000)
    )
    width = []
    for rows in (few, many):
        row = rows.filter((pl.col("name") == "jaccard") & (pl.col("segment") == "all")).row(
            0, named=True
        )
        assert row["low"] < row["value"] < row["high"]
        width.append(row["high"] - row["low"])
    assert width[1] < width[0] / 3


def test_the_interval_is_the_bootstraps():
    values = np.random.default_rng(0).beta(2, 3, 300)
    rng = np.random.default_rng(1)
    means = values[rng.integers(0, 300, (4000, 300))].mean(1)
    assert interval(values) == pytest.approx(np.quantile(means, [0.025, 0.975]), abs=0.004)
    assert interval(np.ones(5)) == (1, 1)


def test_nothing_in_common_is_no_error():
    found = stability(frame({"ann": "ab"}), frame({"bob": "ab"}))
    assert found.value("jaccard") is None
    assert found.value("users_both") == 0
    assert found.rows().schema == METRIC_SCHEMA
    nobody = frame({})
    assert stability(nobody, nobody).value("users_both") == 0


def test_ids_of_two_types_are_refused():
    numbers = pl.DataFrame({"user_id": [1], "rank": [1], "item_id": ["a"]})
    with pytest.raises(DataError, match="user_id is Int64 in one frame and String"):
        stability(numbers, frame({"ann": "a"}))


def test_exposure_by_hand():
    found = exposure(frame({"ann": "ab", "bob": "ac"}), catalogue=6)
    assert (found["items_listed"], found["coverage"]) == (3, 0.5)
    assert found["popularity"] == (1 + 1 + 0.5 + 0.5) / 4
    assert [found[f"popularity_p{point}"] for point in (10, 50, 90)] == [0.5, 0.5, 1]
    assert "coverage" not in exposure(frame({"ann": "ab"}), None)
    assert exposure(frame({}), 5) == {}


def test_gini_by_its_definition():
    counts = np.array([5, 1, 3])
    filled = np.array([0, 0, 1, 3, 5])
    slow = np.abs(filled[:, None] - filled).sum() / (2 * len(filled) ** 2 * filled.mean())
    assert gini(counts, 5) == pytest.approx(slow)
    assert gini(np.array([2, 2, 2]), 3) == pytest.approx(0)
