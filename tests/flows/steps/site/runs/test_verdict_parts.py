"""Parts of a stored verdict as the page shows them: items hidden from fits."""

from dashboards.pages.runs.figures import Estimate
from flows.steps.site.runs.verdict_parts import hidden_items


def figure(value: float) -> dict[str, object]:
    return {"ndcg@10": {"value": value, "low": value - 0.1, "high": value + 0.1}}


ROWS = {"ease": figure(0.0), "content": figure(0.25), "ranker": figure(0.5)}
STORED = {
    "items": 40,
    "hidden": {"users": 30, "rows": ROWS},
    "catalogue": {"users": 30, "rows": {name: figure(0.125) for name in ROWS}},
    "gaps": {"ease": figure(0.5)["ndcg@10"], "content": figure(0.25)["ndcg@10"]},
}


def test_rows_come_the_best_first_without_those_that_list_none_of_the_items():
    hidden = hidden_items({"cold_items": STORED})
    assert (hidden.items, hidden.users, hidden.not_asked) == (40, 30, ())
    assert [row.name for row in hidden.rows] == ["ranker", "content"]
    ranker, content = hidden.rows
    assert ranker.alone == Estimate(0.5, 0.4, 0.6)
    assert ranker.behind is None
    assert content.behind == Estimate(0.25, 0.15, 0.35)
    assert content.among_all.value == 0.125


def test_a_ranker_without_a_hit_is_shown_and_an_older_run_has_nothing():
    none = {**STORED, "hidden": {"users": 30, "rows": {**ROWS, "ranker": figure(0.0)}}}
    assert [row.name for row in hidden_items({"cold_items": none}).rows] == ["content", "ranker"]
    assert hidden_items({}) is None
    assert hidden_items({"cold_items": None}) is None
    asked = hidden_items({"cold_items": {**STORED, "not_asked": ["neural"]}})
    assert asked.not_asked == ("neural",)
