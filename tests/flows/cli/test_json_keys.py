"""Every key that `--json` gives stands in docs/json.md, and the other way round.

Verbs answer on a copy of the shop, in every way that gives other keys: published and held, refused,
not due, an empty slot, a fallback, a failure.
"""

import inspect
import json
import shutil
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from dashboards.alerts import Alert
from dashboards.diagnosis.cause import Evidence
from flows.cli.app import app
from flows.cli.console import to_json
from flows.cli.look_back.screen import replay_summary
from flows.cli.screens.json_summary import demo_summary, outcome_summary
from flows.prefect_flows.registered import Deployed, Registered
from flows.session import Session
from flows.steps.alerts.findings import NotableFinding
from flows.steps.keep.age import Aged
from flows.steps.keep.prune import RemovedRun
from flows.steps.past.dates import PastDates
from flows.steps.past.replay import Replayed
from flows.steps.past.replay_folder import Turn
from flows.steps.past.summary import policy_rows
from flows.steps.retrain.loop import Outcome
from fusion.data.balance import Coverage
from fusion.evaluation import verdict_report as reports
from fusion.evaluation.cold_users.report import ColdUsersReport
from fusion.evaluation.estimate.report import EstimateFigure
from fusion.metrics.bootstrap import Interval
from fusion.runs.manifest import ContributionRow
from storage.database.engine import writing
from storage.reading.database_status import BadRow
from storage.schema.tables import run
from storage.watches.diagnosis import DiagnosisRow
from tests.flows.calling import Called, call
from tests.flows.cli.json_page import Page
from tests.flows.world import EARLY, PERSON

ANSWERING = sorted(
    command.callback.__name__
    for command in app.registered_commands
    if "as_json" in inspect.signature(command.callback).parameters
)
KEY = "a key of thirty-two characters or more"
DECLARED = {
    "Verdict": reports.VerdictReport,
    "Split": reports.SplitReport,
    "Part": reports.SegmentReport,
    "Cold": reports.ColdReport,
    "Weights": reports.RatingErrors,
    "AUC": reports.AucReport,
    "New items": reports.NewItemsReport,
    "Cold items": reports.ColdItemsReport,
    "Cold users": ColdUsersReport,
    "Gap": reports.SegmentGap,
    "Limit cost": reports.LimitCostReport,
    "Found": reports.CandidateRecall,
    "Proposals": reports.SourceRecall,
    "Against live": reports.LiveReport,
    "Promise": reports.PromiseReport,
    "Estimated": EstimateFigure,
    "Interval": Interval,
    "Alert": Alert,
    "Cause": DiagnosisRow,
    "Evidence": Evidence,
    "Notable": NotableFinding,
    "Contribution": ContributionRow,
    "Removed": RemovedRun,
    "Bad row": BadRow,
    "Aged": Aged,
    "Coverage": Coverage,
}
"""Parts whose keys are the fields of a class, so that no run is needed that has all of them."""


def set_in(folder: Path, section: str, line: str) -> None:
    config = folder / "fusion.toml"
    config.write_text(config.read_text().replace(f"[{section}]", f"[{section}]\n{line}", 1))


def promise(folder: Path) -> None:
    """Let both runs have promised something, and write events that happened after them."""
    told = {"horizon": "day", "days": 1, "name": "ndcg", "k": 10, "value": 0.2, "low": 0.1}
    told |= {"high": 0.3, "windows": 9, "basis": "past_windows"}
    session = Session.open(folder / "fusion.toml")
    with writing(session.engine) as connection:
        for run_no, verdict in connection.execute(select(run.c.run_no, run.c.verdict)).all():
            with_promise = {**verdict, "promise": [told]}
            of_run = run.c.run_no == run_no
            connection.execute(update(run).where(of_run).values(verdict=with_promise))
    session.engine.dispose()
    header, *rows = (folder / "ratings.csv").read_text().splitlines()
    later = [f"{row.split(',')[0]},i{n % 60},1700000000,5" for n, row in enumerate(rows)]
    (folder / "later.csv").write_text("\n".join([header, *later]))


def looks(folder: Path):
    """Yield verbs that look, with their answers."""
    promise(folder)
    for verb, *words in (
        ("judge", "live", "--on", str(folder / "later.csv")),
        ("status",), ("health",), ("runs",), ("check", "--profile"), ("db",), ("sources",),
        ("plan",),
        ("alerts", "--all"),
        ("watch", "--as-of", "2021-01-10"), ("watch",),  # in the midst of the data, and long after
        ("show", "u1"), ("show", "nobody"), ("diff", "live", "live"),
    ):  # fmt: skip
        yield verb, call(folder, verb, *words, "--json")
    # The run of that date is there already.
    yield "backfill", call(folder, "backfill", "--from", EARLY, "--to", EARLY, "--json")
    # Nothing waits, so that nobody is asked.
    yield "notify", call(folder, "notify", "--json", FUSION_NOTIFY__URLS="http://127.0.0.1:9/hook")
    questions = call(folder, "ask", "--json")
    yield "ask", questions
    answer = f"{questions.json[0]['item_id']}=y"
    yield "ask --answers", call(folder, "ask", "--answers", answer, "--json")
    for user in ("u1", "nobody"):
        yield "show --why", call(folder, "show", user, "--why", "--json")


def moves(folder: Path):
    """Yield verbs that move slots, with their answers."""
    first, newest = call(folder, "runs", "--json").json[::-1][:2]
    yield "rollback", call(folder, "rollback", "--freeze", "1h", "--json")
    yield "status", call(folder, "status", "--json")
    yield "Failure", call(folder, "publish", newest["run_id"], "--json")
    yield "unfreeze", call(folder, "unfreeze", "--json")
    yield "unfreeze", call(folder, "unfreeze", "--json")
    set_in(folder, "gate", "approve = true")
    yield "publish", call(folder, "publish", newest["run_id"], "--json")
    yield "status", call(folder, "status", "--json")
    yield "diff", call(folder, "diff", first["run_id"], "challenger", "--json")
    yield "approve", call(folder, "approve", "--json")
    call(folder, "publish", first["run_id"], "--allow-older")
    yield "reject", call(folder, "reject", "--why", "odd", "--json")


def ends(folder: Path):
    """Yield verbs that train nothing, or remove something, with their answers."""
    yield "retrain", call(folder, "retrain", "--json")
    yield "retrain --explain", call(folder, "retrain", "--explain", "--json")
    yield "train", to_answer(outcome_summary(Outcome(refusals=("beats random: no",))))
    yield "replay", to_answer(replay_summary(a_replay(folder), []))
    yield "demo", to_answer(demo_summary(folder, [Outcome(), Outcome(monitor_error="away")]))
    registered = Registered("fusion watch/watch home", "0 * * * *", "UTC", ("fusion.watch.done",))
    yield "deploy", to_answer(Deployed("fusion", "process", True, (registered,)))
    call(folder, "rollback", "--reason", f"{PERSON} complained")
    yield "person", call(folder, "person", PERSON, "--json")
    yield "forget", call(folder, "forget", PERSON, "--json", FUSION_FORGET_KEY=KEY)
    yield "prune", call(folder, "prune", "--dry-run", "--json")
    yield "init", call(folder, "init", "ratings.csv", "--config", "new.toml", "--json")


def a_replay(folder: Path) -> Replayed:
    """A replay of one turn, as one that trains gives it."""
    moment = datetime(2020, 12, 10, tzinfo=UTC)
    dates = PastDates(moment, moment + timedelta(days=7), timedelta(days=7))
    served = {"run_id": "r", "status": "ready", "served": "r", "served_as_of": moment}
    turns = [Turn("always", moment, True, "force", "", **served, users=9, ndcg=0.1)]
    return Replayed(dates, tuple(turns), tuple(policy_rows(turns, dates.every, 7)), folder)


def to_answer(summary: dict[str, Any]) -> Called:
    """What a verb writes that would train for this test alone."""
    return Called(0, json.dumps(to_json(summary)))


@pytest.fixture(scope="module")
def held(shop_made, tmp_path_factory):
    """The page, after every answer was held against it, and the verbs that answered."""
    page = Page.read()
    folder = tmp_path_factory.mktemp("answers") / "shop"
    shutil.copytree(shop_made[0], folder)
    answered = {"run", "monitor"}
    for ended in shop_made[1]:
        page.hold("run", ended.json)
        # The verb gives what one function makes for both; Evidently would take seconds again.
        page.hold("monitor", ended.json["monitor"])
    for answers in (looks, moves, ends):
        for verb, called in answers(folder):
            assert bool(called.message) == (verb == "Failure"), (verb, called.message)
            page.hold(verb, called.json)
            answered.add(verb)
    return page, answered


def test_every_answer_has_the_keys_of_the_page_and_their_types(held):
    page, _ = held
    assert set(page.problems) == set()


def test_every_verb_that_answers_has_its_section_and_was_asked(held):
    page, answered = held
    verbs = {name for name in page.answers if name.split()[0] in ANSWERING}
    assert {name for name in verbs if " " not in name} == set(ANSWERING)
    assert verbs <= answered


def test_every_key_of_the_page_was_in_an_answer(held):
    page, _ = held
    assert {(shape, key) for shape, key in page.unseen() if shape not in DECLARED} == set()


def keys_of(declared: Any) -> set[str]:
    """The keys of a class in JSON: its fields, by their stored names where these are others."""
    if not hasattr(declared, "model_fields"):
        return {one.name for one in fields(declared)}
    return {
        one.serialization_alias or one.alias or name for name, one in declared.model_fields.items()
    }


@pytest.mark.parametrize("part", DECLARED)
def test_parts_have_the_fields_of_their_classes(part):
    assert set(Page.read().shapes[part]) == keys_of(DECLARED[part])


def test_a_turn_says_whether_its_run_was_monitored(shop_made):
    assert {ended.json["monitor_status"] for ended in shop_made[1]} == {"done"}
    assert outcome_summary(Outcome())["monitor_status"] == "not_run"
    assert outcome_summary(Outcome(monitor_error="away"))["monitor_status"] == "failed"


def test_numbers_that_json_does_not_know_are_null():
    assert to_json({"value": float("nan"), "high": [float("inf")]}) == {
        "value": None,
        "high": [None],
    }


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ({"a": 1, "b": "x"}, []),
        ({"a": 1}, ["verb.b: stands in the page, and is missing"]),
        ({"a": 1, "b": None, "c": 2}, ["verb.c: is not in the page"]),
        ({"a": "1", "b": None}, ["verb.a: '1' is no integer"]),
        ({"a": True, "b": None}, ["verb.a: True is no integer"]),
    ],
)
def test_the_page_is_compared_both_ways(answer, problem):
    page = Page.read("### `fusion verb`\n| `a` | integer | one |\n| `b` | text or null | two |\n")
    page.hold("verb", answer)
    assert page.problems == problem
