"""What a run was expected to do beside what became of it; of older runs what there is."""

from dataclasses import replace

from dashboards.pages.runs.figures import Estimate
from flows.steps.site.runs.expected_parts import expectation
from flows.steps.site.runs.run_facts import read_run
from fusion.runs.manifest import Manifest
from storage.reading.read import figures_of
from storage.runs.runs import runs
from storage.watches.realised import RealisedRow


def figure(value: float) -> dict[str, float]:
    return {"value": value, "low": value / 2, "high": value * 2}


def part(users: float, ndcg: float) -> dict:
    return {
        "users": users,
        "likes": [0.2, 0.1],
        "figures": {"precision": figure(0.05), "dcg": figure(0.4), "ndcg": figure(ndcg)},
    }


ESTIMATE = {"days": 7, "k": 10, "segments": {"all": part(90.4, 0.2), "sparse": part(9, 0.1)}}
PROMISE = {"horizon": "window", "name": "ndcg", "k": 10, **figure(0.3)}
OTHERS = [
    {**PROMISE, "horizon": "day", "value": 0.9},
    {**PROMISE, "k": 20, "value": 0.8},
]
ROW = RealisedRow(1, "window", "all", "ndcg", 10, 0.25, 0.2, 0.3, 80, False)
ROWS = [
    ROW,
    replace(ROW, segment="sparse", value=0.07, low=0.0, high=0.2, users=7),
    replace(ROW, horizon="day", value=0.6),
    replace(ROW, k=20, value=0.5),
]


def test_estimate_promise_and_outcome_stand_beside_each_other():
    told = expectation(Manifest.of({"estimate": ESTIMATE}), {"promise": [*OTHERS, PROMISE]}, ROWS)
    assert (told.days, told.users, told.likes, told.realised_users) == (7, 90.4, (0.2, 0.1), 80)
    shown = {(one.name, one.segment): one for one in told.figures}
    assert list(shown) == [
        ("NDCG@10", "all"), ("precision@10", "all"), ("DCG@10", "all"), ("NDCG@10", "sparse")
    ]  # fmt: skip
    main = shown["NDCG@10", "all"]
    assert main.estimated == Estimate(0.2, 0.1, 0.4)
    assert main.promised == Estimate(0.3, 0.15, 0.6)
    assert main.realised == Estimate(0.25, 0.2, 0.3)
    assert shown["NDCG@10", "sparse"].realised == Estimate(0.07, 0.0, 0.2)
    assert shown["NDCG@10", "sparse"].promised is None
    assert shown["DCG@10", "all"].realised is None


def test_a_window_that_has_not_closed_was_not_realised():
    early = [replace(ROW, is_early=True)]
    told = expectation(Manifest.of({"estimate": ESTIMATE}), {}, early)
    assert told.realised_users is None
    assert all(one.realised is None for one in told.figures)


def test_of_an_older_run_there_is_what_it_promised_or_nothing():
    told = expectation(Manifest.of({}), {"promise": [PROMISE]}, [])
    [only] = told.figures
    assert (only.estimated, only.promised) == (None, Estimate(0.3, 0.15, 0.6))
    assert (told.days, told.users, told.likes) == (None, None, ())
    assert expectation(Manifest.of({}), {}, []) is None


def test_a_real_run_has_the_same_figures_on_its_page_and_in_sql(two_runs):
    newest = runs(two_runs.engine, "default")[0]
    facts = read_run(two_runs, "default", "live")
    estimate = newest.manifest["estimate"]
    stored = figures_of(two_runs.engine, newest.run_no, "estimate")
    by_name = {one.name: one for one in facts.expected.figures if one.segment == "all"}
    everybody = estimate["segments"]["all"]
    for name, shown in (("ndcg", "NDCG@10"), ("precision", "precision@10"), ("dcg", "DCG@10")):
        assert by_name[shown].estimated.value == everybody["figures"][name]["value"]
        assert stored[name] == everybody["figures"][name]["value"]
    assert facts.expected.users == everybody["users"]
