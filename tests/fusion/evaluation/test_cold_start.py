"""The verdict on cold users by segment and on new items, planted and counted by hand."""

import numpy as np
import polars as pl
import pytest

from fusion.data.segments import segments_among, user_segments
from fusion.evaluation.cold_start import cold_report, new_items_report
from fusion.lists.fallback.segment_lists import assign_segment_lists, fallback_lists
from fusion.training.pipeline import train
from tests.fusion.making import (
    START,
    config,
    context_of,
    dataset,
    frame_of,
    item_frame,
    synthetic_interactions,
    user_frame,
)

OLD, NEW = 60, 70
"""Days: before and in the verdict window, which lies between the days 62 and 76 of the data."""


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    """Twelve newcomers in the last window: women take what women take, men something new."""
    events = synthetic_interactions(seed=3, n_users=80, n_items=160, n_events=2800, loyal=0.85)
    fans = [(f"u{n}", "hers", OLD + n / 100) for n in range(0, 78, 3)]
    late = [(f"new{n}", "hers" if n < 6 else "unheard", NEW + n / 100) for n in range(12)]
    late += [(f"u{n}", "unheard", NEW + 1 + n / 100) for n in range(4)]
    people = pl.concat(
        [
            user_frame(80),
            pl.DataFrame(
                {
                    "id": [f"new{n}" for n in range(12)],
                    "sex": ["f"] * 6 + ["m"] * 6,
                    "age": [20.0] * 12,
                }
            ),
        ]
    )
    items = pl.concat(
        [item_frame(160), item_frame(2).with_columns(id=pl.Series(["hers", "unheard"]))]
    )
    frame = pl.concat([events, frame_of(fans + late)]).sort("time", maintain_order=True)
    split = {"kind": "time", "window": 14, "users": 10}
    return context_of(
        tmp_path_factory.mktemp("run"), dataset(frame, items, people), config(split=split)
    )


def rows_of(context, users):
    return context.data.user_ids.rows(pl.Series(users))


def test_the_fixture_is_as_told(context):
    fold = context.plan.verdict
    assert (fold.cut - START) / 86_400_000 < NEW
    assert not fold.known.user_counts[rows_of(context, [f"new{n}" for n in range(12)])].any()
    counts = fold.known.item_counts[context.data.item_ids.rows(pl.Series(["hers", "unheard"]))]
    assert counts.tolist() == [26, 0]


def test_cold_users_get_the_list_of_their_segment_and_the_verdict_counts_it(context):
    users = np.sort(rows_of(context, [f"new{n}" for n in range(12)]))
    random = np.full((12, 50), -1, np.int32)
    report = cold_report(context, users, random).model_dump(mode="json")
    made = fallback_lists(context, context.plan.verdict)
    hers = int(context.data.item_ids.rows(pl.Series(["hers"]))[0])
    rank = made.filter(segment="sex=f", item=hers)["rank"].item()
    gain = 1 / np.log2(rank + 1)
    assert rank <= 3
    of = {name: made.filter(segment=name, item=hers)["score"].item() for name in ("all", "sex=f")}
    assert of["sex=f"] > 1.3 * of["all"]
    assert hers not in made.filter(pl.col("segment") == "sex=m")["item"].head(3)
    assert report["users"] == 12
    hers, his = report["segments"]["sex=f"], report["segments"]["sex=m"]
    assert (hers["users"], his["users"]) == (6, 6)
    assert hers["rows"]["fallback"]["ndcg@10"] == pytest.approx(
        {"value": gain, "low": gain, "high": gain}
    )
    assert hers["rows"]["fallback"]["hit@10"] == 1
    assert hers["rows"]["random"]["ndcg@10"]["value"] == 0
    assert {row["ndcg@10"]["value"] for row in his["rows"].values()} == {0}
    fallback = report["rows"]["fallback"]["ndcg@10"]
    assert fallback["value"] == pytest.approx(gain / 2)
    assert fallback["low"] < fallback["value"] < fallback["high"]
    assert report["rows"]["fallback"]["hit@10"] == 0.5
    assert cold_report(context, users[:0], random[:0]) is None


def test_a_segment_without_a_list_gets_that_of_all():
    lists = pl.DataFrame({"segment": ["all", "all", "a=1"], "rank": [1, 2, 1], "item": [7, 8, 9]})
    assigned = assign_segment_lists(lists, pl.Series(["a=1", "a=2", "all"]), 3)
    assert assigned.tolist() == [[9, -1, -1], [7, 8, -1], [7, 8, -1]]


def test_new_items_are_counted_where_they_are_labels_and_where_they_are_listed(context):
    fold = context.plan.verdict
    users = np.sort(rows_of(context, [f"u{n}" for n in range(6)]))
    unheard = int(context.data.item_ids.rows(pl.Series(["unheard"]))[0])
    old = int(np.argmax(fold.known.item_counts))
    shown = np.full((6, 50), -1, np.int32)
    shown[:, 0] = old
    shown[users == rows_of(context, ["u1"])[0], 1] = unheard
    shown[users == rows_of(context, ["u2"])[0], 14] = unheard
    report = new_items_report(
        context, users, {"some": shown, "none": np.full((6, 50), -1, np.int32)}
    ).model_dump(mode="json")
    labels = np.isin(fold.label_users, users)
    new = labels & (fold.known.item_counts[fold.label_items] == 0)
    assert report["labels"] == new.sum() >= 4
    assert report["share"] == pytest.approx(new.sum() / labels.sum())
    assert report["rows"]["some"] == pytest.approx(
        {"places@10": 1 / 7, "recall@10": 1 / new.sum(), "recall@20": 2 / new.sum()}
    )
    assert report["rows"]["none"] == {"places@10": 0, "recall@10": 0, "recall@20": 0}
    assert 1 <= report["with_text"] <= report["items"]


def test_segments_are_those_with_most_users_of_every_category():
    people = pl.DataFrame(
        {
            "id": [f"u{n}" for n in range(60)],
            "sex": ["f", "m", None] * 20,
            "zip": [f"{n // 2}" for n in range(60)],
        }
    )
    data = dataset(synthetic_interactions(), None, people)
    assert user_segments(data).drop_nulls().unique().sort().to_list() == ["sex=f", "sex=m"]
    users = np.sort(data.user_ids.rows(pl.Series([f"u{n}" for n in range(50)])))
    segments = segments_among(data, users)
    assert len(segments) == 2 + 20
    assert segments["sex=f"].sum() == 17
    assert {name.split("=")[0] for name in segments} == {"sex", "zip"}
    assert segments_among(dataset(synthetic_interactions()), users) == {}


def test_the_whole_verdict_tells_of_them(context):
    report = train(context).verdict.report.model_dump(mode="json")
    assert report["cold"]["users"] == report["routes"]["cold"]["users"] == 12
    cold = report["cold"]["rows"]
    assert cold["fallback"]["ndcg@10"]["value"] > cold["random"]["ndcg@10"]["value"]
    served = report["users"]
    assert {name: part["users"] for name, part in report["segments"].items()}.keys() == {
        "sex=f",
        "sex=m",
    }
    assert sum(part["users"] for part in report["segments"].values()) < served
    assert report["new_items"]["labels"] >= 4
    assert report["new_items"]["rows"]["popularity"]["places@10"] == 0
    assert report["auc"]["rows"].keys() == report["rows"].keys() - {"random"}
    assert report["auc"]["users"] <= served
    assert all(0.3 < row["value"] < 1 for row in report["auc"]["rows"].values())
    for shape in report["lists"].values():
        assert {"popularity@10", "category_diversity@10", "text_diversity@10"} <= shape.keys()
        assert 0 < shape["category_diversity@10"] < 1
    assert (
        report["lists"]["popularity"]["popularity@10"] > report["lists"]["random"]["popularity@10"]
    )
