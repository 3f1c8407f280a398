"""Lists from attributes of a stored manifest, as the page shows them."""

from dashboards.pages.runs.figures import Estimate
from flows.steps.site.runs.verdict_parts import attribute_lists

FIGURE = {"ndcg@10": {"value": 0.5, "low": 0.4, "high": 0.6}}
STORED = {
    "columns": ["job", "age"],
    "users": 60,
    "rows": {name: FIGURE for name in ("attributes", "fallback", "popularity")},
    "gaps": {"fallback": FIGURE, "popularity": FIGURE},
    "serves": True,
    "lists": 7,
    "reason": "they are better than the fallback",
}


def test_what_serves_has_its_lists_and_no_reason():
    found = attribute_lists(STORED)
    assert (found.judged, found.lists, found.reason) == (60, 7, "")
    assert found.gap == found.rows["attributes"] == Estimate(0.5, 0.4, 0.6)
    assert found.columns == ("job", "age")


def test_where_the_fallback_serves_it_says_why_and_older_runs_have_nothing():
    refused = {**STORED, "serves": False, "reason": "too few", "gaps": {}, "rows": {}}
    found = attribute_lists(refused)
    assert (found.lists, found.gap, found.rows, found.reason) == (0, None, {}, "too few")
    assert attribute_lists({}) is None
