"""What manifests and verdicts of two runs say, and what those of older runs lack."""

from dataclasses import replace

import pytest

from dashboards.diagnosis.facts import Pair
from flows.steps.watch.diagnosis.of_manifests import (
    candidates_of,
    failed_checks,
    importance_of,
    rules_of,
    sections_of,
    sizes_of,
    verdict_of,
)
from fusion.metrics.bootstrap import Interval
from fusion.runs.manifest import Manifest
from tests.flows.steps.watch.diagnosis.test_of_alerts import RUN

NDCG = {"value": 0.2, "low": 0.1, "high": 0.3}
VERDICT = {
    "rival": "ease",
    "rows": {"ranker": {"ndcg@10": NDCG}, "ease": {"recall@20": NDCG}},
    "difference": NDCG,
    "promise": [
        {"horizon": "window", "days": 7, "name": "ndcg", "k": 10, "value": 0.2, "low": 0.12}
    ],
    "found": {"labels": 900, "ceiling": 0.8, "sources": {"ease": {"share": 0.5, "unique": 1}}},
    "new_items": {"share": 0.1},
}
CONFIG = {"lists": {"size": 10, "rules": "a.toml"}, "sources": [{"name": "ease"}], "seed": 1}
MANIFEST = {
    "config": CONFIG,
    "data": {"interactions": 100, "users": 10, "items": 20},
    "verdict": VERDICT,
    "importance": {"ease_rank": 0.6, "old": 0.4},
    "lists": {"rows": 1000, "users": 100, "short": 3},
    "rules": {"hash": "h1", "open_items": 20, "moved": {"blocked": 10}},
}


def changed(**parts) -> Manifest:
    return Manifest.of({**MANIFEST, **parts})


def test_refusals_count_until_the_run_is_shown():
    checks = [{"name": "beats random", "holds": True}, {"name": "no item twice", "holds": False}]
    refusals = [
        {"at": "", "by": "ann", "checks": [{"name": "items are spread", "holds": False}]},
        {"at": "", "by": "ann", "checks": [{"name": "as many rows as live", "holds": False}]},
    ]
    run = replace(RUN, manifest={"checks": checks, "refusals": refusals})
    assert failed_checks(run, was_published=False) == ("no item twice", "as many rows as live")
    assert failed_checks(run, was_published=True) == ("no item twice",)
    assert failed_checks(RUN, was_published=False) == ()


def test_candidates_are_compared_where_both_runs_had_the_source():
    sources = {"ease": {"share": 0.3}, "als": {"share": 0.2}}
    found = {"labels": 800, "ceiling": 0.7, "sources": sources}
    now = changed(verdict={**VERDICT, "found": found})
    candidates = candidates_of(now, changed())
    assert candidates.sources == {"ease": Pair(0.3, 0.5)}
    assert (candidates.labels, candidates.ceiling) == (Pair(800, 900), Pair(0.7, 0.8))
    assert candidates.new_items == Pair(0.1, 0.1)


def test_a_verdict_knows_rows_with_intervals_and_the_promise_before():
    now, before = replace(RUN, verdict=VERDICT), replace(RUN, verdict=VERDICT, method="ease")
    verdict = verdict_of(now, before)
    assert verdict.rows == {"ranker": Interval(0.2, 0.1, 0.3)}
    assert (verdict.method, verdict.method_before, verdict.rival) == ("ranker", "ease", "ease")
    assert verdict.promised_low == 0.12
    first = verdict_of(now, None)
    assert (first.method_before, first.rows_before, first.promised_low) == ("", {}, None)


def test_importance_of_a_feature_that_came_or_went_is_nothing_on_the_other_side():
    now = changed(importance={"ease_rank": 0.5, "new": 0.5})
    assert importance_of(now, changed()) == {
        "ease_rank": Pair(0.5, 0.6),
        "new": Pair(0.5, 0.0),
        "old": Pair(0.0, 0.4),
    }
    assert importance_of(now, changed(importance={})) == {}


def test_rules_that_one_run_lacks_moved_nothing_there():
    plain = {**MANIFEST, "rules": None, "config": {"lists": {"size": 10}}}
    now, before = replace(RUN, manifest=MANIFEST), replace(RUN, manifest=plain)
    rules = rules_of(now, before, hidden=0.0)
    assert rules.has_changed
    assert rules.moved == {"blocked": Pair(10, 0)}
    assert (rules.rows, rules.open_items) == (Pair(1000, 1000), Pair(20, 20))
    assert not rules_of(now, now, hidden=0.0).has_changed
    assert rules_of(now, None, hidden=0.3).hidden == 0.3


@pytest.mark.parametrize(
    ("part", "kinds"),
    [
        ({"seed": 2}, {"seed": "ranker"}),
        ({"sources": []}, {"sources": "candidates"}),
        ({"lists": {"size": 20, "rules": "a.toml"}}, {"lists": "rules"}),
        ({"lists": {"size": 10, "rules": "b.toml"}}, {}),
        ({"storage": {}}, {}),
    ],
)
def test_a_changed_setting_is_of_the_kind_that_it_acts_on(part, kinds):
    before = replace(RUN, manifest=MANIFEST)
    now = replace(RUN, manifest={**MANIFEST, "config": {**CONFIG, **part}})
    assert sections_of(now, before) == kinds


def test_an_empty_manifest_holds_nothing():
    empty = Manifest()
    assert set(sizes_of(empty, empty).values()) == {Pair()}
    assert candidates_of(empty, empty).sources == {}
    for verdict in (None, {"rows": []}, {"found": None, "new_items": None, "difference": None}):
        assert verdict_of(replace(RUN, verdict=verdict), None).rows == {}
