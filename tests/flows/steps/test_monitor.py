"""Monitoring says what fits the run: where it stands, and what there was to compare it with."""

import json
import shutil
from dataclasses import replace
from io import StringIO
from types import SimpleNamespace
from unittest.mock import patch

import pytest
from rich.console import Console

from flows.cli.screens.comparison import print_comparison
from flows.cli.screens.monitoring import describe_churn, print_monitoring
from flows.cli.screens.outcome import print_outcome
from flows.session import Session
from flows.steps.publish.publish import publish_run
from flows.steps.retrain.loop import run_loop
from flows.steps.watch.advice import missing_reference, next_step
from flows.steps.watch.compare import compare
from flows.steps.watch.monitor import monitor_run
from flows.steps.watch.pages import draw_page
from fusion.models.base.fitted import FittedSource
from storage.runs.runs import find_run, runs
from storage.slots.publish import rollback
from tests.flows.world import CONFIG, database, make_shop, query, replace_lists

SUBJECTS = {"users", "items", "interactions"}


def note_of(folder, run_id: str) -> str:
    file = folder / "runs" / run_id / "report" / "drift.json"
    return json.loads(file.read_text(encoding="utf-8"))["note"]


@pytest.fixture(scope="module")
def timeless(tmp_path_factory):
    """A shop without times and its first turn of the loop."""
    folder = tmp_path_factory.mktemp("timeless")
    config = make_shop(folder)
    head, _, rest = CONFIG.partition("[split]")
    without_split = head + rest[rest.index("[[sources]]") :]
    config.write_text(without_split.replace('time = "timestamp"\n', ""))
    session = Session.open(config)
    yield session, run_loop(session)
    session.engine.dispose()


def test_a_first_run_without_times_says_so_and_raises_nothing(timeless):
    session, first = timeless
    run = find_run(session.engine, "default", "live")
    assert run.verdict["split"]["kind"] == "random"
    assert (first.exit_code, first.monitored.alerts) == (0, ())
    assert {one.subject for one in first.monitored.drift} == {"features"}
    note = "Users, items and interactions: there is no earlier window to compare with"
    assert first.monitored.note.startswith(note)
    assert note_of(session.base, first.trained.run_id) == first.monitored.note
    draw_page(session, first.trained.run_id)
    page = first.monitored.files.drift_html.read_text(encoding="utf-8")
    assert "there is no earlier window" in page
    console = Console(file=StringIO(), width=400)
    print_monitoring(console, first.monitored)
    assert first.monitored.note in console.file.getvalue()


def test_the_next_run_without_times_is_compared_with_the_first(timeless):
    session, first = timeless
    second = run_loop(session)
    assert second.monitored.note == ""
    assert second.monitored.against == first.trained.run_id
    assert {one.subject for one in second.monitored.drift} > SUBJECTS


def test_a_first_run_by_time_is_compared_with_its_earlier_window(shop_made):
    folder, (first, _) = shop_made
    assert first.json["monitor"]["against"] is None
    assert first.json["monitor"]["note"] is None
    assert {one["subject"] for one in first.json["monitor"]["drift"]} > SUBJECTS
    assert note_of(folder, first.json["run"]["id"]) == ""


def test_folds_at_the_last_event_leave_no_earlier_window_either(timeless):
    run = find_run(timeless[0].engine, "default", timeless[1].trained.run_id)
    assert "cut at random" in missing_reference(run)
    by_last = replace(run, verdict={"split": {"kind": "last"}})
    assert "cut before each user's last event" in missing_reference(by_last)
    assert missing_reference(replace(run, verdict={"split": {"kind": "time"}})) == ""


def test_advice_fits_where_a_run_stands(own_shop):
    """A run that is live, taken back, held and refused: each time something else can be done."""
    session = Session.open(own_shop / "fusion.toml", by="ann")
    newest, oldest = runs(session.engine, "default")
    assert f"`fusion rollback` shows the lists of run {oldest.run_id} again" in next_step(
        session, newest
    )
    rollback(session.engine, "default", by="ann", reason="for the test")
    assert "no run before it to roll back to" in next_step(session, oldest)
    not_live = next_step(session, newest)
    assert "nothing has to be taken back" in not_live
    assert f"`fusion publish {newest.run_id}` comes next" in not_live
    publish_run(session, newest.run_id, hold=True)
    held = next_step(session, newest)
    assert f"held and live has not moved: `fusion approve {newest.run_id}`" in held
    refused = next_step(session, replace(newest, run_no=99, status="rejected"))
    assert refused == "The run is rejected and not live: nothing has to be taken back."
    assert "fusion rollback" not in not_live + held + refused
    session.engine.dispose()


def test_an_alert_of_a_held_run_carries_its_advice(own_shop):
    session = Session.open(own_shop / "fusion.toml", by="ann")
    newest = runs(session.engine, "default")[0].run_id
    rollback(session.engine, "default", by="ann", reason="for the test")
    publish_run(session, newest, hold=True)
    replace_lists(session.engine, 1)
    alerts = {alert.name: alert.message for alert in monitor_run(session, newest).alerts}
    assert alerts["churn_excess"].endswith("takes the run out of the challenger's slot.")
    session.engine.dispose()


@pytest.fixture(scope="module")
def gone_wrong(shop, tmp_path_factory):
    """A third run, in which a source raises and most items are missing from the catalogue."""
    folder = shutil.copytree(shop, tmp_path_factory.mktemp("wrong") / "shop")
    lines = (folder / "movies.csv").read_text().splitlines(keepends=True)
    (folder / "movies.csv").write_text("".join(lines[:20]))
    session = Session.open(folder / "fusion.toml", by="ann")
    top = FittedSource.top

    def fail(self, users, k, allowed):
        with self.attribute_errors():
            assert self.name != "ease", "planted"
        return top(self, users, k, allowed)

    with patch.object(FittedSource, "top", fail):
        outcome = run_loop(session)
    yield session, outcome
    session.engine.dispose()


def test_a_source_that_raises_and_a_finding_that_grew_are_alerts(gone_wrong):
    session, outcome = gone_wrong
    assert (outcome.exit_code, outcome.published is not None) == (4, True)
    raised = {alert.subject: alert for alert in outcome.monitored.alerts}
    assert raised["source ease"].name == "source_failed"
    assert "failed while scoring: AssertionError: planted" in raised["source ease"].message
    assert raised["items"].name == "items_not_in_catalogue"
    assert "and 0.0% in the run before" in raised["items"].message
    stored = query(database(session.base), "select subject, name from alert order by id")
    assert ("source ease", "source_failed") in stored
    assert ("items", "items_not_in_catalogue") in stored


def test_the_screen_shows_findings_and_churn_beside_chance(gone_wrong):
    _, outcome = gone_wrong
    console = Console(file=StringIO(), width=400)
    print_outcome(console, outcome)
    shown = console.file.getvalue()
    assert "Data 68.3% items_not_in_catalogue (items): 41 items" in shown
    monitored = outcome.monitored
    churn = monitored.stability.value("churn")
    said = describe_churn(monitored.stability, monitored.no_floor)
    assert said.startswith(f"{churn:.0%} of a list changed on average")
    assert said in shown


def test_diff_says_churn_beside_chance_and_what_else_differs(gone_wrong):
    session, _ = gone_wrong
    _, second, first = (run.run_id for run in runs(session.engine, "default"))
    compared = compare(session, first, second)
    assert compared.stable.value("jaccard_chance") is not None
    assert (compared.no_floor, compared.differences) == ("", ())
    console = Console(file=StringIO(), width=400)
    print_comparison(console, compared)
    assert "and retraining alone changes" in console.file.getvalue()


@pytest.mark.parametrize(
    ("churn", "chance", "words"),
    [
        (0.41, 0.44, "41% of a list changed on average, and retraining alone changes 44%: no"),
        (0.424, 0.42, "and retraining alone changes 42%: no reason to roll back."),
        (0.63, 0.44, "retraining alone changes 44%: 19% is more than chance."),
        (0.63, None, "what retraining alone changes is not known: the method ease has no twin."),
    ],
)
def test_churn_is_said_beside_chance(churn, chance, words):
    figures = {"churn": churn}
    if chance is not None:
        figures["jaccard_chance"] = 1 - chance
    measured = SimpleNamespace(value=figures.get)
    assert words in describe_churn(measured, "" if chance else "the method ease has no twin")
