"""The verdict as it is stored: the same keys in JSON, and older verdicts can still be read."""

import json

from fusion.evaluation.verdict_report import VerdictReport
from fusion.metrics.bootstrap import Interval

KEYS = [
    "split",
    "users",
    "chosen",
    "reason",
    "rival",
    "difference",
    "reported",
    "rows",
    "weights",
    "auc",
    "lists",
    "routes",
    "segments",
    "gaps",
    "cold",
    "new_items",
    "found",
    "live",
    "cold_items",
    "limit_exposure",
    "promise",
]


def test_a_verdict_comes_back_from_json_as_it_was(done):
    _, trained = done
    report = trained.verdict.report
    stored = report.model_dump(mode="json")
    assert list(stored) == KEYS
    assert list(stored["split"]) == ["kind", "window", "why", "optimistic", "labels"]
    assert list(stored["rows"]["ranker"]["ndcg@10"]) == ["value", "low", "high"]
    assert VerdictReport.model_validate(json.loads(json.dumps(stored))) == report


def test_what_an_older_verdict_lacks_has_a_default():
    interval = {"value": 0.2, "low": 0.1, "high": 0.3}
    older = {
        "split": {"kind": "time", "window": 7},
        "users": 40,
        "chosen": "ranker",
        "reason": "ranker beats als",
        "rival": "als",
        "difference": interval,
        "reported": interval,
        "rows": {"ranker": {"ndcg@10": interval}},
        "routes": {"warm": {"users": 40, "rows": {"ranker": {"ndcg@10": interval, "hit@10": 1}}}},
        "new_items": {"items": 3, "labels": 0, "share": 0.0},
        "found": {"labels": 9, "ceiling": 0.5, "sources": {"als": {"share": 0.3, "unique": 2}}},
        "something else": 1,
    }
    report = VerdictReport.model_validate(older)
    assert report.reported == Interval(0.2, 0.1, 0.3)
    assert report.routes["warm"].rows["ranker"] == {"ndcg@10": report.reported, "hit@10": 1}
    assert (report.cold, report.weights, report.live) == (None, None, None)
    assert report.candidate_recall.sources["als"].unique == 2
    assert (report.auc.users, report.lists, report.segments) == (0, {}, {})
    assert report.new_items.with_text == 0
