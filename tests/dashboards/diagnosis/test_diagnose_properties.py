"""Whatever is known or missing: a diagnosis is made, is the same again, and can be stored."""

import json
from dataclasses import fields, replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dashboards.diagnosis.cause import Cause, Evidence
from dashboards.diagnosis.diagnose import diagnose
from dashboards.diagnosis.facts import (
    Candidates,
    ColumnMove,
    Facts,
    Pair,
    Published,
    Realised,
    Rules,
    StandingAlert,
    Verdict,
)
from dashboards.diagnosis.sentences import SENTENCES
from fusion.metrics.bootstrap import Interval
from fusion.watching.causes import CAUSES
from tests.dashboards.diagnosis.planted import HEALTHY, PLANTS

NUMBERS = st.floats(-10, 10) | st.sampled_from([0.0, 1.0])
COUNTS = st.none() | st.integers(0, 10_000).map(float)
SHARES = st.none() | st.floats(0, 1)
NAMES = st.sampled_from(["ease", "als", "ranker", "", "{curly}", "%s", "limit gave way", "blocked"])
SUBJECTS = st.sampled_from(
    ["lists", "ranker", "features", "scores", "users", "items", "source ease", "source ", "{x}"]
)
CODES = st.sampled_from(
    [*CAUSES, *SENTENCES, "drifted_share", "churn_excess", "items_lost", "no such code"]
)


def pairs(values):
    return st.builds(Pair, values, values)


INTERVALS = st.lists(NUMBERS, min_size=3, max_size=3).map(
    lambda ends: Interval(sorted(ends)[1], min(ends), max(ends))
)
ALERTS = st.builds(
    StandingAlert,
    cause=CODES,
    subject=SUBJECTS,
    name=CODES,
    kind=st.sampled_from(["fault", "change", "run"]),
    severity=st.sampled_from(["alarm", "look"]),
    value=st.none() | NUMBERS,
    low=st.none() | NUMBERS,
    high=st.none() | NUMBERS,
    columns=st.lists(NAMES, max_size=4).map(tuple),
)
CHECKS = st.sampled_from(
    [
        "serving ranker is not broken",
        "serving sources list what they listed",
        "features keep their meaning",
        "keeps up with live",
        "a check of somebody's own",
    ]
)
COLUMNS = st.builds(
    ColumnMove, SUBJECTS, NAMES, st.floats(0, 5), st.floats(0, 5), st.floats(0.01, 1), st.booleans()
)
VERDICTS = st.builds(
    Verdict,
    method=NAMES,
    method_before=NAMES,
    rows=st.dictionaries(NAMES, INTERVALS),
    rows_before=st.dictionaries(NAMES, INTERVALS),
    rival=NAMES,
    difference=st.none() | INTERVALS,
    difference_before=st.none() | INTERVALS,
    promised_low=st.none() | NUMBERS,
)
FACTS = st.builds(
    Facts,
    against=st.none() | st.just("run-1"),
    alerts=st.lists(ALERTS, max_size=5).map(tuple),
    failed_checks=st.lists(CHECKS, max_size=3).map(tuple),
    sizes=st.dictionaries(st.sampled_from(["users", "items", "interactions"]), pairs(COUNTS)),
    columns=st.lists(COLUMNS, max_size=4).map(tuple),
    feature_psi=st.dictionaries(NAMES, st.floats(0, 5)),
    importance=st.dictionaries(NAMES, pairs(SHARES)),
    candidates=st.builds(
        Candidates, pairs(COUNTS), pairs(SHARES), st.dictionaries(NAMES, pairs(SHARES))
    ),
    verdict=VERDICTS,
    rules=st.builds(
        Rules,
        st.booleans(),
        st.dictionaries(NAMES, pairs(COUNTS)),
        pairs(COUNTS),
        pairs(COUNTS),
        SHARES,
    ),
    published=st.builds(
        Published, pairs(COUNTS), pairs(COUNTS), pairs(COUNTS), pairs(COUNTS), st.booleans()
    ),
    sections=st.dictionaries(NAMES, st.sampled_from(["candidates", "ranker", "rules"])),
    lists=st.dictionaries(st.sampled_from(["churn", "jaccard_chance"]), st.floats(0, 1)),
    realised=st.none()
    | st.builds(Realised, st.just("window"), NUMBERS, NUMBERS, NUMBERS, st.booleans()),
)


def storable(causes: list[Cause]) -> str:
    rows = [
        [cause.sentence, dict(cause.parameters), *map(vars, cause.evidence)] for cause in causes
    ]
    return json.dumps(rows, allow_nan=False)


@settings(max_examples=300, deadline=None)
@given(FACTS)
def test_a_diagnosis_is_always_made_and_the_same_again(facts):
    causes = diagnose(facts)
    assert storable(causes) == storable(diagnose(facts))
    assert [cause.order for cause in causes] == sorted(cause.order for cause in causes)
    assert len(causes) == 1 or not {"chance", "unknown"} & {cause.kind for cause in causes}
    sources = [cause.subject for cause in causes if cause.code.startswith("source_")]
    assert len(sources) == len(set(sources))


@settings(max_examples=200, deadline=None)
@given(FACTS, st.randoms(use_true_random=False))
def test_the_order_of_what_came_in_no_order_does_not_matter(facts, random):
    def shuffled(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        keys = list(value)
        random.shuffle(keys)
        return {key: value[key] for key in keys}

    again = replace(
        facts, **{one.name: shuffled(getattr(facts, one.name)) for one in fields(facts)}
    )
    for room in ("candidates", "verdict", "rules"):
        part = getattr(facts, room)
        parts = {one.name: shuffled(getattr(part, one.name)) for one in fields(part)}
        again = replace(again, **{room: replace(part, **parts)})
    assert storable(diagnose(again)) == storable(diagnose(facts))


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(sorted(PLANTS)), st.sets(st.sampled_from([one.name for one in fields(Facts)]))
)
def test_what_is_missing_never_stops_it(name, missing):
    """Facts of older runs, and of pruned ones, lack whole parts."""
    planted = replace(HEALTHY, **PLANTS[name].changed)
    assert diagnose(replace(planted, **{one: getattr(Facts(), one) for one in missing}))


def test_what_is_no_number_is_none():
    row = Evidence("lists", "churn", float("nan"), float("inf"), float("-inf"), 0.5)
    assert (row.value, row.before, row.low, row.high) == (None, None, None, 0.5)
