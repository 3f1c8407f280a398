"""Real runs, healthy and broken: the first cause is the right one, in SQL and on the screen."""

from io import StringIO
from unittest.mock import patch

import pytest
from rich.console import Console

from flows.cli.screens.alarms.diagnosis import describe_figure, print_diagnosis
from flows.cli.screens.json_summary import monitoring_summary
from flows.cli.screens.monitoring import print_monitoring
from flows.session import Session
from flows.steps.alerts.run_before import run_before
from flows.steps.retrain.loop import run_loop
from flows.steps.watch.diagnosis.gather import gather
from flows.steps.watch.monitor import monitor_run
from fusion.models.base.fitted import FittedSource
from storage.runs.runs import find_run
from storage.schema.tables import blocked_item
from storage.watches.diagnosis import DiagnosisRow, diagnosis_of
from tests.flows.world import take_more

RULES = "[[allow]]\nitems = [" + ", ".join(f'"i{number}"' for number in range(11)) + "]\n"


@pytest.fixture
def own_session(own_shop):
    """A session over a copy of the shop, with two published runs."""
    session = Session.open(own_shop / "fusion.toml", by="ann")
    yield session
    session.engine.dispose()


def configured(folder, old: str, new: str) -> None:
    file = folder / "fusion.toml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def run_again(folder):
    """A third run, of whatever the files hold by now."""
    session = Session.open(folder / "fusion.toml", by="ann")
    outcome = run_loop(session)
    session.engine.dispose()
    assert outcome.monitored is not None, outcome.monitor_error
    return outcome.monitored


def figures_of(cause: DiagnosisRow) -> dict[str, tuple[float | None, float | None]]:
    return {
        f"{row['subject']} {row['name']}": (row["value"], row["before"]) for row in cause.evidence
    }


def test_the_same_data_again_is_chance(own_shop, own_session):
    monitored = run_again(own_shop)
    [only] = monitored.diagnosis
    assert (only.kind, only.code, only.severity) == ("chance", "nothing_moved", "none")
    now, before = figures_of(only)["ranker ndcg@10"]
    assert now == before
    run = find_run(own_session.engine, "default", monitored.run_id)
    assert diagnosis_of(own_session.engine, run.run_no) == [only]


def test_a_source_with_fewer_candidates_is_the_cause(own_shop, own_session):
    configured(own_shop, 'name = "ease"\nk = 30', 'name = "ease"\nk = 2')
    monitored = run_again(own_shop)
    first, *others = monitored.diagnosis
    assert (first.kind, first.subject, first.code) == (
        "candidates",
        "source ease",
        "source_ceiling",
    )
    now, before = figures_of(first)["source ease recall"]
    assert now < 0.5 * before
    assert now == first.parameters["value"]
    # What was changed on purpose stands behind what it did.
    assert ("configuration_changed", "[sources]") in [(one.code, one.subject) for one in others]
    run = find_run(own_session.engine, "default", monitored.run_id)
    assert diagnosis_of(own_session.engine, run.run_no) == list(monitored.diagnosis)


def test_a_source_that_raises_is_the_cause(own_shop):
    top = FittedSource.top

    def fail(self, users, k, allowed):
        with self.attribute_errors():
            assert self.name != "ease", "planted of u17"
        return top(self, users, k, allowed)

    # Other settings of the source: nothing of it lies in the store.
    configured(own_shop, 'name = "ease"\nk = 30', 'name = "ease"\nk = 29')
    with patch.object(FittedSource, "top", fail):
        first = run_again(own_shop).diagnosis[0]
    assert (first.kind, first.subject, first.code) == ("candidates", "source ease", "source_failed")
    # A failure may name anybody, and nobody may stand in causes.
    assert "u17" not in str(first)


def test_rules_that_take_many_rows_are_the_cause(own_shop):
    (own_shop / "rules.toml").write_text(RULES)
    configured(own_shop, "reserve = 3\n", 'reserve = 3\nrules = "rules.toml"\n')
    first = run_again(own_shop).diagnosis[0]
    assert (first.kind, first.code, first.severity) == ("rules", "rules_moved", "alarm")
    assert figures_of(first)["rules items left open"] == (11, 60)


def test_a_catalogue_that_is_cut_short_is_the_cause(own_shop):
    lines = (own_shop / "movies.csv").read_text().splitlines(keepends=True)
    (own_shop / "movies.csv").write_text("".join(lines[:20]))
    first = run_again(own_shop).diagnosis[0]
    assert (first.kind, first.subject, first.code) == ("data", "items", "finding")
    assert first.parameters["finding"] == "items_not_in_catalogue"


def test_monitoring_again_replaces_the_causes(own_session):
    """Blocks that came since hide rows; when they go, so does their cause."""
    run = find_run(own_session.engine, "default", "live")
    calm = monitor_run(own_session).diagnosis
    with own_session.engine.begin() as connection:
        for number in range(0, 60, 2):
            row = {"placement": "default", "item_id": f"i{number}"}
            connection.execute(blocked_item.insert().values(row))
    first = monitor_run(own_session).diagnosis[0]
    assert (first.kind, first.subject, first.code) == ("rules", "blocks", "blocks_hide")
    assert first.parameters["share"] == pytest.approx(0.5, abs=0.25)
    assert diagnosis_of(own_session.engine, run.run_no)[0] == first
    with own_session.engine.begin() as connection:
        connection.execute(blocked_item.delete())
    assert monitor_run(own_session).diagnosis == calm
    assert diagnosis_of(own_session.engine, run.run_no) == list(calm)


def test_facts_of_both_databases_are_the_same(two_runs):
    """Of the newest run of the shop: figures of columns, routes, candidates, sizes."""
    run = find_run(two_runs.engine, "default", "live")
    previous = run_before(two_runs.engine, run)
    facts = gather(two_runs, run, previous)
    assert facts.against == previous.run_id
    assert (facts.published.users.now, facts.published.without_list.now) == (91, 1)
    assert facts.rules.hidden == 0.0
    assert set(facts.candidates.sources) == {"popularity", "ease", "item_knn"}
    assert facts.sizes["interactions"].now > facts.sizes["interactions"].before
    # A month of events more: that a shop is older is no drift.
    events = [one for one in facts.columns if (one.subject, one.column) == ("users", "events")]
    assert [one.has_drifted for one in events] == [False]
    assert {one.subject for one in facts.columns} >= {"users", "items", "interactions", "features"}
    moving = [one.column for one in facts.columns if one.moves_by_itself]
    assert moving
    assert not [one for one in facts.columns if one.has_drifted and one.moves_by_itself]
    assert facts.failed_checks == ()
    first_run = gather(two_runs, previous, None)
    assert (first_run.against, first_run.sizes["users"].before) == (None, None)


def test_the_screen_ends_with_the_first_cause_and_json_has_all(own_shop, own_session):
    take_more(own_shop)
    monitored = run_again(own_shop)
    console = Console(file=StringIO(), width=400)
    print_monitoring(console, monitored)
    # Everybody takes three times as much: one of the users' columns moved, as an alert says.
    said = "Most likely cause (data): 33% of the columns of users have drifted"
    assert said in console.file.getvalue()
    run = find_run(own_session.engine, "default", monitored.run_id)
    facts = gather(own_session, run, run_before(own_session.engine, run))
    drifted = [one.column for one in facts.columns if one.subject == "users" and one.has_drifted]
    assert drifted == ["events"]
    assert monitoring_summary(monitored)["diagnosis"] == monitored.diagnosis
    assert [one.subject for one in monitored.diagnosis][:2] == ["users", "items"]
    assert [one.rank for one in monitored.diagnosis][:2] == [1, 2]


def cause(rank: int, **more) -> DiagnosisRow:
    plain = {
        "kind": "candidates",
        "subject": "source [red]x[/]",
        "severity": "look",
        "code": "source_lost",
        "sentence": "Source [red]x[/]\x1b[31m lost.",
        "parameters": {},
        "evidence": [],
    }
    return DiagnosisRow(rank=rank, **(plain | more))


def test_names_from_data_are_no_markup_and_three_causes_are_shown():
    row = {"subject": "source [b]x[/]", "name": "recall", "value": 0.25}
    row |= {"before": 0.5, "low": None, "high": None}
    console = Console(file=StringIO(), width=200, force_terminal=False)
    print_diagnosis(console, [cause(1, evidence=[row]), *(cause(rank) for rank in range(2, 6))])
    shown = console.file.getvalue()
    assert "Source [red]x[/]" in shown
    assert "\x1b" not in shown
    assert "  source [b]x[/] recall 0.2500, before 0.5000" in shown
    assert shown.count("lost.") == 3
    print_diagnosis(console, [])
    assert console.file.getvalue() == shown


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        ((0.2, 0.3, 0.1, 0.25), "x y 0.2000, before 0.3000, 0.1000 to 0.2500"),
        ((1050.0, 1000.0, None, None), "x y 1,050, before 1,000"),
        ((0.9, None, None, 0.5), "x y 0.9000, at most 0.5000"),
        ((0.3, None, 0.5, None), "x y 0.3000, at least 0.5000"),
        ((None, None, None, None), "x y unknown"),
        ((1.0, 0.0, None, None), "x y 1.0000, before 0.0000"),
    ],
)
def test_a_figure_is_said_beside_what_is_usual(figures, words):
    row = dict(zip(("value", "before", "low", "high"), figures, strict=True))
    assert describe_figure({"subject": "x", "name": "y", **row}) == words
