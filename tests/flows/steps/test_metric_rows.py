"""The verdict as rows for SQL and reports, and as lines on the terminal."""

import re

import pytest

from dashboards.language.stored import retold
from flows.steps.train.metric_rows import metric_rows, verdict_rows
from flows.steps.train.verdict_lines import (
    cold_user_lines,
    exposure_lines,
    limit_lines,
    promise_lines,
    segment_lines,
)
from fusion.config import RESERVED
from fusion.evaluation.cold_items import CATEGORY, TFIDF
from fusion.evaluation.rating_errors import ITEM_MEAN, MEAN


def around(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.1, "high": value + 0.1}


def part(users: int, **rows: float) -> dict[str, object]:
    return {
        "users": users,
        "rows": {
            row: {"ndcg@10": around(value), "f1@20": value / 2} for row, value in rows.items()
        },
    }


REPORT = {
    "chosen": "ranker",
    "rows": {
        name: {"ndcg@10": around(value), "recall@20": around(value), "hit@10": around(value)}
        for name, value in (("ranker", 0.5), ("random", 0.1))
    },
    "auc": {"users": 9, "rows": {"ranker": around(0.8)}},
    "lists": {
        "ranker": {"coverage@10": 0.4, "text_diversity@10": 0.9},
        "random": {"coverage@10": 1.0},
    },
    "routes": {
        "warm": part(90, ranker=0.6, random=0.1),
        "sparse": part(10, ranker=0.35, random=0.1),
        "cold": part(7, ranker=0.0, random=0.01),
    },
    "segments": {
        "sex=f": part(40, ranker=0.7, random=0.1),
        "sex=m": part(60, ranker=0.25, random=0.1),
    },
    "gaps": {"sex=m": {"users": 60, "difference": around(-0.2), "others": 0.7, "chance": 0.04}},
    "weights": {
        "events": 400,
        "silent": 3,
        "users": 90,
        "rows": {
            "stars": {"rmse": around(0.9), "mae": around(0.7)},
            "mean_weight": {"rmse": around(1.1), "mae": around(0.8)},
        },
    },
    "cold": {
        **part(7, fallback=0.25, all=0.2, random=0.01),
        "segments": {"sex=f": part(3, fallback=0.35, all=0.2, random=0.0)},
    },
    "new_items": {
        "items": 12,
        "with_text": 10,
        "labels": 30,
        "share": 0.125,
        "rows": {
            "ranker": {"places@10": 0.02, "recall@10": 0.1, "recall@20": 0.3},
            "random": {"places@10": 0.2, "recall@10": 0.0, "recall@20": 0.0},
        },
    },
}
EXPOSURE = {
    "size": 20,
    "groups": {
        "genres=jazz": {"exposure": 0.2, "interest": 0.1, "ratio": 2.0, "low": 1.9, "high": 2.2},
        "new": {"exposure": 0.01, "interest": 0.0, "ratio": None, "low": None, "high": None},
    },
}
ESTIMATE = {
    "k": 10,
    "segments": {
        "all": {
            "users": 41.5,
            "likes": [0.2, 0.1],
            "figures": {"ndcg": around(0.3), "dcg": {"value": 0.4, "low": None, "high": None}},
        },
    },
}
COLD_ITEMS = {
    "items": 40,
    "by": "hash",
    "labels": 90,
    "hidden": part(30, **{"ranker": 0.3, "ease": 0.0, "tf-idf": 0.2}),
    "catalogue": part(30, **{"ranker": 0.1, "ease": 0.0, "tf-idf": 0.02}),
    "gaps": {"ease": around(0.3), "tf-idf": around(0.1)},
    "not_asked": ["neural"],
}
NOBODY = {
    "weights": None,
    "cold": None,
    "new_items": {"items": 0, "with_text": 0, "labels": 0, "share": 0.0, "rows": {}},
}


def test_every_figure_has_its_row_in_sql():
    frame = metric_rows(REPORT, {"ease_rank": 0.03}, EXPOSURE)
    found = {row[:4]: row[4:] for row in frame.iter_rows()}
    assert len(found) == len(frame)
    assert found["ranker", "all", "ndcg", 10] == (0.5, 0.4, 0.6)
    assert found["ranker", "all", "auc", 0] == (0.8, 0.7000000000000001, 0.9)
    assert ("random", "all", "auc", 0) not in found
    assert found["ranker", "all", "text_diversity", 10] == (0.9, None, None)
    assert found["ranker", "sparse", "ndcg", 10] == pytest.approx((0.35, 0.25, 0.45))
    assert found["ranker", "sparse", "f1", 20] == (0.175, None, None)
    assert found["verdict", "sparse", "users", 0] == (10, None, None)
    assert found["ranker", "sex=f", "ndcg", 10][0] == 0.7
    assert found["random", "sex=f", "f1", 20][0] == 0.05
    assert found["fallback", "cold", "ndcg", 10] == (0.25, 0.15, 0.35)
    assert found["fallback_all", "cold", "ndcg", 10][0] == 0.2
    assert found["fallback", "cold, sex=f", "ndcg", 10] == pytest.approx((0.35, 0.25, 0.45))
    assert found["fallback_all", "cold, sex=f", "f1", 20] == (0.1, None, None)
    assert found["verdict", "cold, sex=f", "users", 0][0] == 3
    assert found["verdict", "new_items", "label_share", 0][0] == 0.125
    assert found["ranker", "new_items", "places", 10][0] == 0.02
    assert found["ranker", "new_items", "recall", 20][0] == 0.3
    assert found["stars", "held_out", "rmse", 0] == pytest.approx((0.9, 0.8, 1.0))
    assert found["mean_weight", "held_out", "mae", 0] == pytest.approx((0.8, 0.7, 0.9))
    assert found["verdict", "held_out", "events", 0][0] == 400
    assert found["ranker", "sex=m", "ndcg_gap", 10] == pytest.approx((-0.2, -0.3, -0.1))
    assert found["ranker", "sex=m", "ndcg_gap_chance", 10] == (0.04, None, None)
    assert found["exposure", "genres=jazz", "exposure_share", 20] == (0.2, None, None)
    assert found["exposure", "genres=jazz", "interest_share", 20] == (0.1, None, None)
    assert found["exposure", "genres=jazz", "exposure_ratio", 20] == (2.0, 1.9, 2.2)
    assert found["exposure", "new", "exposure_share", 20][0] == 0.01
    assert ("exposure", "new", "exposure_ratio", 20) not in found
    assert found["features", "ease_rank", "gate_psi", 0] == (0.03, None, None)
    assert len(metric_rows({**REPORT, **NOBODY}, {})) == len(frame) - 1 - 8 - 1 - 6 - 5 - 5


def test_items_hidden_from_fits_have_segments_of_their_own():
    frame = metric_rows({**REPORT, "cold_items": COLD_ITEMS}, {})
    found = {row[:4]: row[4:] for row in frame.iter_rows() if row[1].startswith("hidden_items")}
    assert found["tf-idf", "hidden_items", "ndcg", 10] == pytest.approx((0.2, 0.1, 0.3))
    assert found["ranker", "hidden_items_among_all", "ndcg", 10] == pytest.approx((0.1, 0.0, 0.2))
    assert found["ease", "hidden_items", "ndcg_ranker_gap", 10] == pytest.approx((0.3, 0.2, 0.4))
    assert found["verdict", "hidden_items", "items", 0] == (40, None, None)
    assert found["verdict", "hidden_items", "users", 0] == (30, None, None)
    assert len(found) == 3 + 6 + 6 + 2 == len(frame) - len(metric_rows(REPORT, {}))
    # Names of baselines hold what no name of a source may hold.
    assert not any(re.fullmatch("[a-z0-9_]+", name) for name in ("tf-idf", CATEGORY, TFIDF))


def test_users_hidden_from_fits_have_a_segment_of_their_own():
    figure = {"value": 0.2, "low": 0.1, "high": 0.3}
    metrics = {name: figure for name in ("ndcg@10", "recall@20", "hit@10")}
    gap = {"ndcg@10": {"value": 0.05, "low": 0.01, "high": 0.09}}
    rows = {"attributes": metrics, "fallback": metrics, "popularity": metrics}
    report = {"users": 50, "rows": rows, "gaps": {"fallback": gap, "popularity": gap}}
    frame = metric_rows(REPORT, {}, cold_users=report)
    found = {row[:4]: row[4:] for row in frame.iter_rows() if row[1] == "hidden_users"}
    assert found["from attributes", "hidden_users", "recall", 20] == pytest.approx((0.2, 0.1, 0.3))
    behind = found["fallback_all", "hidden_users", "ndcg_attributes_gap", 10]
    assert behind == pytest.approx((0.05, 0.01, 0.09))
    assert found["verdict", "hidden_users", "users", 0] == (50, None, None)
    assert len(found) == 9 + 2 + 1 == len(frame) - len(metric_rows(REPORT, {}))
    not_judged = {"users": 0, "rows": {}, "gaps": {}}
    assert len(metric_rows(REPORT, {}, cold_users=not_judged)) == len(metric_rows(REPORT, {}))


def test_what_is_expected_of_the_lists_has_its_rows():
    frame = metric_rows(REPORT, {}, None, ESTIMATE)
    rows = {row[1:4]: row[4:] for row in frame.iter_rows() if row[0] == "estimate"}
    assert rows == {
        ("all", "ndcg", 10): pytest.approx((0.3, 0.2, 0.4)),
        ("all", "dcg", 10): (0.4, None, None),
        ("all", "like", 1): (0.2, None, None),
        ("all", "like", 2): (0.1, None, None),
        ("all", "users", 0): (41.5, None, None),
    }
    assert len(metric_rows(REPORT, {}, None, {})) == len(frame) - 5


def test_every_subject_but_a_source_is_a_name_that_no_source_may_have():
    subjects = set(metric_rows(REPORT, {"ease_rank": 0.03}, EXPOSURE, ESTIMATE)["subject"])
    assert subjects - {"stars"} <= set(RESERVED)
    assert {MEAN, ITEM_MEAN} <= set(RESERVED)


def test_the_report_page_gets_a_row_for_each_method_and_a_column_for_each_figure():
    rows = verdict_rows(REPORT)
    assert rows is not None
    ranker = rows.row(0, named=True)
    assert (ranker["row"], ranker["kind"], ranker["chosen"], ranker["ndcg"]) == (
        "ranker",
        "ranker",
        True,
        0.5,
    )
    assert (ranker["AUC"], ranker["NDCG@10 warm"], ranker["NDCG@10 sex=f"]) == (0.8, 0.6, 0.7)
    assert (ranker["text diversity@10"], ranker["new items found@20"]) == (0.9, 0.3)
    assert rows.row(1, named=True)["AUC"] is None
    assert rows.row(1, named=True)["kind"] == "control"
    older = verdict_rows(
        {**REPORT, "segments": {"sex=f": {"users": 40, "ndcg@10": {"ranker": 0.7}}}}
    )
    assert older is not None
    assert "NDCG@10 sex=f" not in older.columns
    assert verdict_rows({}) is None


def test_routes_segments_and_new_items_take_a_line_each_of_the_terminal():
    assert segment_lines(REPORT) == [
        "NDCG@10 by route: warm 90 users 0.6000 [0.5000, 0.7000]; "
        "sparse 10 users 0.3500 [0.2500, 0.4500]; "
        "cold 7 users 0.2500 [0.1500, 0.3500] by the fallback (that of all 0.2000, random 0.0100).",
        "NDCG@10 by segment, of 2 those with an interval below 0.5000: "
        "sex=m 60 users 0.2500 [0.1500, 0.3500].",
        "New items: 12.5% of labels and 2.0% of listed places; "
        "30.0% of these labels are in the first 20.",
        "RMSE and MAE of 400 weights held out: stars 0.9000 [0.8000, 1.0000], 0.7000; "
        "mean weight 1.1000 [1.0000, 1.2000], 0.8000.",
    ]
    plain = {
        **REPORT,
        **NOBODY,
        "routes": {"warm": part(90, ranker=0.6, random=0.1)},
        "segments": {},
    }
    assert segment_lines(plain) == ["NDCG@10 by route: warm 90 users 0.6000 [0.5000, 0.7000]."]


def test_the_worst_segments_are_named_and_the_others_counted():
    segments = {
        f"age={n}": part(10 + n, ranker=value)
        for n, value in enumerate((0.3, 0.1, 0.38, 0.2, 0.45))
    }
    [_, line] = segment_lines({**REPORT, **NOBODY, "segments": segments})
    assert line == (
        "NDCG@10 by segment, of 5 those with an interval below 0.5000: "
        "age=1 11 users 0.1000 [0.0000, 0.2000]; "
        "age=3 13 users 0.2000 [0.1000, 0.3000]; "
        "age=0 10 users 0.3000 [0.2000, 0.4000]; and 1 more."
    )
    alike = {**REPORT, **NOBODY, "segments": {"age=4": segments["age=4"]}}
    assert (
        segment_lines(alike)[1]
        == "NDCG@10 by segment: none of 1 has an interval below 0.5000, the figure of all."
    )


def test_what_is_promised_stands_on_one_line():
    promise = {"name": "ndcg", "k": 10, "value": 0.2, "low": 0.1, "high": 0.3, "users": 1200}
    day = {**promise, "horizon": "day", "days": 1, "windows": 16}
    window = {**promise, "horizon": "window", "days": 7, "windows": 16}
    others = [{**window, "k": 20}, {**window, "name": "hit"}]
    assert promise_lines({"promise": [day, window, *others]}) == [
        "Promised NDCG@10: first day 0.2000 [0.1000, 0.3000]; 7 days 0.2000 [0.1000, 0.3000]."
    ]
    few = {**day, "low": None, "high": None, "windows": 5}
    assert promise_lines({"promise": [few, window]}) == [
        "Promised NDCG@10: first day 0.2000 without an interval (1,200 users, 5 past windows); "
        "7 days 0.2000 [0.1000, 0.3000]."
    ]
    # A split by last, and the verdict of an older version.
    assert promise_lines({"promise": []}) == promise_lines({}) == []


def test_the_terminal_names_the_groups_at_both_ends():
    other = {"exposure": 0.02, "interest": 0.1, "ratio": 0.2, "low": 0.1, "high": 0.3}
    groups = {**EXPOSURE["groups"], "genres=noir": other}
    (line,) = exposure_lines({"groups": groups})
    assert line == (
        "Exposure beside interest, of 2 item groups: genres=jazz 2.00 times (20.0% of exposure, "
        "10.0% of events) to genres=noir 0.20 times (2.0% of exposure, 10.0% of events)."
    )
    assert exposure_lines(EXPOSURE) == exposure_lines({}) == []


def test_the_terminal_says_whether_limits_of_exposure_hold_and_what_they_cost():
    rule = "exposure of genres=jazz at least 0.2"
    made = [
        {"rule": rule, "before": 0.1, "share": 0.2, "kept": True, "users": 1200},
        {"rule": rule, "before": 0.1, "share": 0.15, "kept": False, "users": 7},
    ]
    cost = {"limit_exposure": {"difference": {"value": -0.001, "low": -0.002, "high": 0.0}}}
    kept, missed, change = limit_lines(cost, made)
    assert kept == f"The {rule}: 10.0% without it, 20.0% in the lists of 1,200 users; kept."
    assert "; not kept: candidates and other rules allow no better." in missed
    assert change == "Limits of exposure change NDCG@10 by -0.0010 [-0.0020, +0.0000]."
    assert limit_lines({}, []) == []


def test_lists_from_attributes_say_what_was_found_and_who_serves():
    def figure(value):
        return {"value": value, "low": value - 0.01, "high": value + 0.01}

    rows = {"attributes": 0.12, "fallback": 0.1, "popularity": 0.09}
    found = {
        "users": 1200,
        "rows": {name: {"ndcg@10": figure(value)} for name, value in rows.items()},
        "gaps": {"fallback": {"ndcg@10": figure(0.02)}},
        "columns": ["job", "age"],
        "lists": 3000,
        "serves": True,
        "reason": "they are better than the fallback",
    }
    judged, serving = cold_user_lines(found)
    assert judged == (
        "Lists from attributes, by 1,200 users whose history was hidden: NDCG@10 0.1200 [0.1100, "
        "0.1300], fallback 0.1000 [0.0900, 0.1100], popularity 0.0900 [0.0800, 0.1000]; "
        "+0.0200 [+0.0100, +0.0300] over the fallback."
    )
    assert serving == "3,000 users without a history have a list from job, age."
    asked = {**found, "wrote": 7}
    both = cold_user_lines(asked)[1]
    assert both == "3,000 users without a history have a list from job, age; what they wrote."
    assert retold(both, "zh").count("其所写内容") == 1
    by_them, alone = cold_user_lines({**asked, "columns": []})
    assert by_them.startswith("Lists from what they wrote, by 1,200 users whose history was hidden")
    assert retold(by_them, "zh").startswith("按所写内容生成的列表")
    assert alone == "3,000 users without a history have a list from what they wrote."
    refused = {"gaps": {}, "serves": False, "reason": "nobody knows"}
    assert cold_user_lines(refused) == [
        "The fallback serves users without a history: nobody knows."
    ]
    assert cold_user_lines({}) == []
    told = [retold(line, "zh") for line in (judged, serving)]
    assert not any("attributes" in line or "history" in line for line in told)
