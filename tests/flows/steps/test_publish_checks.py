"""Checks at publishing: one that fails stops the move, is named, and is kept with the run."""

import json
import re
from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest
from sqlalchemy import text

from flows.session import Session
from flows.steps.publish.publish import approve_run, publish_run
from flows.steps.publish.publish_checks import publish_checks
from flows.steps.retrain import loop
from flows.steps.train.train import TrainedRun
from fusion.errors import Refused
from fusion.runs.run_folder import RunFolder
from storage.reading.live_run import live
from storage.reading.read import history
from storage.runs.runs import runs
from storage.slots.publish import rollback
from tests.flows.calling import call_main
from tests.flows.world import query


def with_gate(session: Session, **gate) -> Session:
    """The same session with other limits; the caller disposes the engine."""
    changed = session.config.model_copy(
        update={"gate": session.config.gate.model_copy(update=gate)}
    )
    return Session(changed, session.base, by=session.by)


def execute(session: Session, *statements: str) -> None:
    with session.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


@pytest.fixture
def rolled(own_runs):
    """The first run live again, so that the second may be published; the session and the second."""
    rollback(own_runs.engine, "default", by="bea", reason="to publish it once more")
    return own_runs, runs(own_runs.engine, "default", 1)[0]


def checks(session: Session, run):
    shown = live(session.engine, "default").run
    return {check.name: check for check in publish_checks(session, run, shown)}


def test_every_check_says_what_it_found(rolled):
    session, run = rolled
    strict = with_gate(session, max_churn=0.99, min_coverage=0.01)
    found = checks(strict, run)
    assert all(check.holds for check in found.values())
    rows, items = 90 * 8, run.manifest["data"]["items"]
    assert f"90 lists of {rows} rows" in found["lists are whole"].message
    assert f"allow {rows / 2:.0f} to {rows * 2}" in found["as many rows as live"].message
    assert f" of {items} items" in found["items are spread"].message
    assert "churn 0." in found["not too much churn"].message
    strict.engine.dispose()


def test_a_limit_refuses_and_a_wider_one_publishes_the_same_run(rolled):
    session, run = rolled
    strict, before = with_gate(session, max_churn=0.001), live(session.engine, "default").run.run_id
    told = (
        rf"run {run.run_id} breaks its contract: not too much churn: churn 0\..*; "
        "what is live stays live"
    )
    with pytest.raises(Refused, match=told):
        publish_run(strict, run.run_id)
    assert live(session.engine, "default").run.run_id == before
    stored = runs(session.engine, "default", 1)[0]
    assert stored.status == "ready"
    refusal = stored.manifest["refusals"][0]
    assert refusal["by"] == "bea"
    assert [check["name"] for check in refusal["checks"]] == ["not too much churn"]
    assert {**stored.manifest, "refusals": None} == {**run.manifest, "refusals": None}
    assert publish_run(session, run.run_id).move.to_run_id == run.run_id
    strict.engine.dispose()


def test_every_check_that_refuses_is_a_reason_of_its_own(own_runs, monkeypatch):
    run = runs(own_runs.engine, "default", 1)[0]
    rollback(own_runs.engine, "default", by="bea", reason="to publish it once more")
    strict = with_gate(own_runs, max_churn=0.001, max_rows=0.5)
    trained = TrainedRun(run.run_id, run.run_no, run.status, (), run.manifest)
    monkeypatch.setattr(loop, "train_run", lambda *_: trained)
    refusals = loop.run_loop(strict).refusals
    assert [refusal.split(":")[0] for refusal in refusals] == [
        "as many rows as live",
        "not too much churn",
    ]
    assert all("what is live" not in refusal for refusal in refusals)
    strict.engine.dispose()


def test_rows_within_a_band_of_live_unless_the_settings_say_otherwise(rolled):
    session, run = rolled
    execute(
        session,
        "insert into recommendation select 2, user_id || '~', rank, item_id, score, probability "
        "from recommendation where run_no = 2",
        "insert into recommendation select 2, user_id || '!', rank, item_id, score, probability "
        "from recommendation where run_no = 2 and user_id = 'u1'",
    )
    with pytest.raises(
        Refused, match=r"as many rows as live: 1448 rows, 720 in run .* allow 360 to 1440"
    ):
        publish_run(session, run.run_id)
    config = run.manifest["config"]
    other = replace(
        run,
        manifest={**run.manifest, "config": {**config, "lists": {**config["lists"], "size": 6}}},
    )
    assert checks(session, other)["as many rows as live"].message.startswith(
        "not judged: [lists] size changed"
    )
    few = with_gate(session, users=91)
    assert checks(few, run)["as many rows as live"].message.endswith(
        "serves 90 users, gate.users = 91"
    )
    few.engine.dispose()


def ruled(run, **rules):
    """The run as if it followed a rules file."""
    config = run.manifest["config"]
    lists = {**config["lists"], "rules": "rules.toml"}
    manifest = {**run.manifest, "config": {**config, "lists": lists}, "rules": rules}
    return replace(run, manifest=manifest)


def test_other_rules_are_neither_lost_rows_nor_churn(rolled):
    session, run = rolled
    strict = with_gate(session, max_churn=0.001, min_rows=1.0, max_rows=1.0)
    found = checks(strict, ruled(run, hash="other"))
    assert found["as many rows as live"].message.startswith("not judged: [lists] rules changed")
    assert found["not too much churn"].message.startswith("not judged: the rules changed")
    # Blocks alone leave a summary of rules without any file: they change nothing that matters.
    blocks = replace(run, manifest={**run.manifest, "rules": {"hash": "of no rules"}})
    found = checks(strict, blocks)
    assert "allow 720 to 720" in found["as many rows as live"].message
    assert not found["not too much churn"].holds
    strict.engine.dispose()


def test_coverage_is_of_the_items_that_rules_leave(rolled):
    session, run = rolled
    strict = with_gate(session, min_coverage=0.5)
    found = checks(strict, ruled(run, hash="a", open_items=10_000))["items are spread"]
    assert not found.holds
    assert " of 10000 items" in found.message
    assert checks(strict, ruled(run, hash="a", open_items=30))["items are spread"].holds
    strict.engine.dispose()


def test_no_row_is_no_loss_where_training_left_none(rolled):
    session, run = rolled
    execute(session, "delete from recommendation where run_no = 2")
    assert not checks(session, run)["lists are whole"].holds
    none = {"rows": 0, "users": 0, "short": 90}
    emptied = replace(run, manifest={**run.manifest, "lists": none})
    assert checks(session, emptied)["lists are whole"].holds


COUNTED = (
    "select item_id, count(*) from (select item_id from recommendation where run_no = 2 union all "
    "select item_id from fallback where run_no = 2) rows "
    "group by item_id order by count(*) desc, item_id"
)
BROKEN = {
    "ranks run from 1": "delete from recommendation "
    "where run_no = 2 and user_id in ('u1', 'u5') and rank = 3",
    "no item twice": "update recommendation set item_id = ("
    "select item_id from recommendation r where r.run_no = 2 and r.user_id = 'u5' "
    "and r.rank = 1) where run_no = 2 and user_id = 'u5' and rank = 8",
    "scores do not rise with rank": "update recommendation set score = score + 99 "
    "where run_no = 2 and user_id = 'u5' and rank = 8",
    "the reserve covers what is blocked": "insert into blocked_item (placement, item_id) "
    "select distinct 'default', item_id from recommendation "
    "where run_no = 2 and user_id in ('u5', 'u6', 'u7', 'u8')",
}


@pytest.mark.parametrize("name", BROKEN)
def test_lists_broken_since_training_are_not_shown(rolled, name):
    """Examples name users on the screen, and never in what is stored."""
    session, run = rolled
    execute(session, BROKEN[name])
    before = live(session.engine, "default").run.run_id
    with pytest.raises(Refused, match=rf"{name}: .* lists .*, e\.g\. user '") as refused:
        publish_run(session, run.run_id)
    named = re.findall(r"user '([^']+)'", str(refused.value))
    assert live(session.engine, "default").run.run_id == before
    stored = json.dumps(runs(session.engine, "default", 1)[0].manifest["refusals"])
    assert name in stored
    assert named
    assert not [user for user in named if re.search(rf"\b{user}\b", stored)]


def test_lists_that_show_too_few_of_the_items_are_refused(rolled):
    session, run = rolled
    items = run.manifest["data"]["items"]
    wide = with_gate(session, min_coverage=0.6)
    assert checks(wide, run)["items are spread"].holds
    check = checks(wide, replace(run, manifest={**run.manifest, "data": {"items": 2 * items}}))[
        "items are spread"
    ]
    assert not check.holds
    assert f" of {2 * items} items are listed in the first 10 places, " in check.message
    wide.engine.dispose()


def test_lost_users_are_noticed(rolled):
    session, run = rolled
    execute(session, "delete from recommendation where run_no = 2 and user_id = 'u7'")
    with pytest.raises(
        Refused, match="1 users have fewer than 5 items, and training left 0: rows were lost"
    ):
        publish_run(session, run.run_id)
    execute(
        session, "delete from served_user where run_no = 2 and user_id = 'u7'"
    )  # a user taken out whole is no loss
    assert publish_run(session, run.run_id)


def test_what_became_unavailable_since_training_is_not_shown(rolled):
    """Ends before the training are its own business; items that everyone is spared are none."""
    session, run = rolled
    listed = query(session.engine.url.render_as_string(hide_password=False), COUNTED)
    (gone, rows), (later, _), (before, _) = listed[:3]
    ends = {
        gone: timedelta(milliseconds=1),
        later: timedelta(days=1),
        before: -timedelta(days=1),
        "i999": timedelta(0),
    }
    windows = pl.DataFrame(
        {"item_id": [*ends], "available_until": [run.created_at + span for span in ends.values()]}
    )
    windows.cast({"available_until": pl.Datetime("ms", "UTC")}).write_parquet(
        RunFolder(session.runs / run.run_id).windows
    )
    told = (
        rf"nothing became unavailable: {rows} rows list 1 items whose available_until .*, "
        rf"e\.g\. item '{gone}', "
    )
    with pytest.raises(Refused, match=told):
        publish_run(session, run.run_id)
    stored = runs(session.engine, "default", 1)[0].manifest["refusals"]
    assert [(check["name"], check["broken"]) for check in stored[0]["checks"]] == [
        ("nothing became unavailable", rows)
    ]
    execute(session, f"insert into blocked_item (placement, item_id) values ('default', '{gone}')")
    assert publish_run(session, run.run_id).move.to_run_id == run.run_id


def test_approval_judges_at_its_own_moment(rolled):
    session, run = rolled
    assert publish_run(session, run.run_id, hold=True).is_challenger
    execute(session, BROKEN["no item twice"])
    with pytest.raises(Refused, match="no item twice"):
        approve_run(session, "looks well")
    assert live(session.engine, "default", "challenger").run.run_id == run.run_id
    assert history(session.engine, "default")[-1].action == "rollback"


def test_what_is_live_already_is_not_judged_again(own_runs):
    execute(own_runs, BROKEN["no item twice"])
    newest = runs(own_runs.engine, "default", 1)[0]
    assert publish_run(own_runs, newest.run_id).move.to_run_id == newest.run_id


def test_a_run_that_breaks_a_limit_ends_with_exit_1(own_shop):
    """By the command line, from training on: the run is kept, what was live is live."""
    url = f"sqlite:///{own_shop / 'fusion.db'}"
    shown = query(url, "select distinct run_id from current_recommendations")
    ended = call_main(
        own_shop, "run", "--as-of", "2020-12-20", "--json", FUSION_GATE__MAX_CHURN="0"
    )
    assert ended.code == 1, ended.err
    assert (ended.json["run"]["status"], ended.json["published"], ended.json["held"]) == (
        "ready",
        False,
        False,
    )
    assert any(why.startswith("not too much churn: churn 0.") for why in ended.json["refusals"])
    assert query(url, "select distinct run_id from current_recommendations") == shown
