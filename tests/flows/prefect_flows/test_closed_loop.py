"""The closed loop on a Prefect server and a worker: watch, event, policy, training, publication.

The tests follow the days of one shop: each goes on where the one before it ended.
"""

import json
import shutil

import pytest

from benchmarks.watching.watched_shop import WEEKS
from tests.flows.prefect_flows.moving_shop import MovingShop, moment, weeks_by_now
from tests.flows.prefect_flows.prefect_server import until, worker
from tests.flows.steps.notify.receiver import receiving
from tests.flows.world import database, fusion, live_lists, query

pytestmark = pytest.mark.prefect
PLACE = "loop"
POOL = "loop-pool"
WATCH, RETRAIN = f"watch {PLACE}", f"retrain {PLACE}"
DECISIONS = "select due, trigger from decision order by id"


@pytest.fixture(scope="module")
def told():
    """A receiver of what the shop tells, which every flow run reaches on loopback."""
    with receiving() as received:
        yield received


@pytest.fixture(scope="module")
def shop(tmp_path_factory, told):
    """Watched and trained a week and more ago, by the command line alone."""
    made = MovingShop(tmp_path_factory.mktemp("loop"), PLACE, told.url)
    made.configure()
    made.write(WEEKS - 1)
    first = fusion(made.folder, "watch", "--as-of", moment(WEEKS - 1).isoformat(), "--json")
    assert (first.code, first.json["note"]) == (0, ""), first.err
    trained = fusion(made.folder, "run", "--json")
    assert trained.json["published"], trained.err
    return made


@pytest.fixture(scope="module")
def deployed(server, shop):
    """The shop with its deployments, and a worker."""
    ended = fusion(shop.folder, "deploy", "--pool", POOL, "--json", **server.env)
    assert ended.code == 0, ended.err
    with worker(server, POOL, shop.folder):
        yield ended.json


def watch_by_cron(server, shop):
    """Let a cron of each minute start one watch, and return its flow run."""
    earlier = len(server.runs_of(WATCH))
    shop.configure(watch="* * * * *")
    fusion(shop.folder, "deploy", "--pool", POOL, **server.env)
    watched = until(lambda: server.ended(WATCH, earlier + 1), 150)[earlier]
    # One watch is enough.
    shop.configure(watch="")
    fusion(shop.folder, "deploy", "--pool", POOL, **server.env)
    assert watched["auto_scheduled"]
    return watched


def test_deploy_makes_the_pool_and_registers_five(server, shop, deployed):
    assert (deployed["pool"], deployed["type"], deployed["made"]) == (POOL, "process", True)
    rows = {row["name"]: row for row in server.ask("deployments") if row["tags"] == [PLACE]}
    assert set(rows) == {
        f"{verb} {PLACE}" for verb in ("watch", "retrain", "run", "monitor", "prune")
    }
    assert {row["work_pool_name"] for row in rows.values()} == {POOL}
    crons = {name: [one["schedule"] for one in row["schedules"]] for name, row in rows.items()}
    assert [one["cron"] for one in crons[WATCH]] == ["0 * * * *"]
    assert [one["timezone"] for one in crons[RETRAIN]] == ["UTC"]
    assert {name for name, schedules in crons.items() if schedules} == {RETRAIN, WATCH}
    for row in rows.values():
        assert row["parameters"] == {"config": str(shop.folder / "fusion.toml")}
        assert row["job_variables"] == {}
    automations = [one for one in server.ask("automations") if PLACE in one["name"]]
    assert [one["trigger"]["expect"] for one in automations] == [["fusion.watch.done"]]
    assert automations[0]["actions"][0]["deployment_id"] == rows[RETRAIN]["id"]


def test_deploying_again_changes_what_has_changed_and_makes_no_second_pool(server, shop, deployed):
    shop.configure(watch="")
    again = fusion(shop.folder, "deploy", "--pool", POOL, "--json", **server.env)
    assert (again.code, again.json["made"]) == (0, False)
    assert server.deployment(WATCH)["schedules"] == []
    other = fusion(shop.folder, "deploy", "--pool", POOL, "--type", "docker", **server.env)
    assert other.code == 2
    assert f"work pool '{POOL}' is of type 'process', not 'docker'" in other.err
    unknown = fusion(shop.folder, "deploy", "--pool", "new", "--type", "docker", **server.env)
    assert unknown.code == 2
    assert "no worker of type 'docker' is installed here" in unknown.err
    automations = [one for one in server.ask("automations") if PLACE in one["name"]]
    assert len(automations) == 1


def test_a_cron_finds_a_healthy_shop_and_no_training_is_due(server, shop, deployed, tmp_path):
    kept = shutil.copytree(shop.folder, tmp_path / "kept")
    shop.write(weeks_by_now())
    watched = watch_by_cron(server, shop)
    assert watched["state"]["name"] == "Completed", watched["state"]
    [asked] = until(lambda: server.ended(RETRAIN), 120)
    assert (asked["state"]["name"], asked["created_by"]["type"]) == ("Not due", "AUTOMATION")
    assert asked["state"]["message"]
    assert query(database(shop.folder), "select due from decision") == [(0,)]
    artifacts = _artifacts(server, watched) | _artifacts(server, asked)
    assert "As usual" in artifacts[f"fusion-watch-{PLACE}"]
    figures = json.loads(artifacts[f"fusion-watch-figures-{PLACE}"])
    assert {row["state"] for row in figures} <= {"healthy", "short"}
    answer, *facts = json.loads(artifacts[f"fusion-decision-{PLACE}"])
    assert (answer["role"], answer["fact"].split(":")[0]) == ("answer", "not due")
    assert {"age_days", "drift"} <= {row["fact"] for row in facts}
    # As if this had never been: the next test finds another last week.
    shutil.copytree(kept, shop.folder, dirs_exist_ok=True)


def test_a_cron_finds_the_drift_and_new_lists_are_live(server, shop, deployed, told):
    """From the data to SQL without a person, who is told once, and once that it is answered."""
    told.bodies.clear()
    before = live_lists(database(shop.folder))
    shop.write(weeks_by_now(), "drifted")
    watched = watch_by_cron(server, shop)
    assert watched["state"]["name"] == "Alerted"
    assert "People choose other things" in watched["state"]["message"]
    asked = until(lambda: server.ended(RETRAIN, 2), 180)[1]
    assert asked["created_by"]["type"] == "AUTOMATION"
    assert asked["state"]["name"] in ("Published", "Alerted"), asked["state"]
    assert live_lists(database(shop.folder)) != before
    live = "select run_id from run join slot using (run_no) where slot.name = 'live'"
    [(run_id,)] = query(database(shop.folder), live)
    said = "select state, resolved_why from alert where cause = 'taste'"
    [(state, why)] = query(database(shop.folder), said)
    assert (state, run_id in why) == ("resolved", True)
    told_of = [(message["event"], message["cause"]) for message in told.messages]
    # One notification of the drift, and one that it is answered.
    assert [event for event, cause in told_of if cause == "taste"] == ["raised", "resolved"]
    assert told_of[0] == ("raised", "taste")
    # What monitoring raised of the new run is told too, and nothing twice.
    assert len(set(told_of)) == len(told_of)
    trigger = "select trigger from decision where due order by id desc limit 1"
    assert query(database(shop.folder), trigger) == [("drift",)]
    verdict = json.loads(_artifacts(server, asked)[f"fusion-verdict-{PLACE}"])
    assert [row[""] for row in verdict].count("chosen") == 1


def test_events_name_causes_and_no_user(server, shop, deployed):
    """A change is an event once, however often it is seen; every watch is one."""
    prefix = {"event": {"prefix": ["fusion.watch."]}}
    resource = {"resource": {"id": [f"fusion.placement.{PLACE}"]}}
    found = server.post("events/filter", {"filter": {**prefix, **resource}})["events"]
    by_name = {}
    for event in found:
        by_name.setdefault(event["event"], []).append(event["payload"])
    assert set(by_name) == {"fusion.watch.done", "fusion.watch.drifted"}
    [drifted] = by_name["fusion.watch.drifted"]
    assert set(drifted) == {"watch_no", "alert", "cause", "kind", "severity"}
    assert (drifted["cause"], drifted["kind"]) == ("taste", "change")
    newest = max(by_name["fusion.watch.done"], key=lambda payload: payload["watch_no"])
    described = {"cause": "taste", "kind": "change", "severity": "alarm"}
    assert (set(newest), newest["alerts"]) == ({"watch_no", "as_of", "alerts"}, [described])


def test_the_next_ten_watches_ask_for_nothing(server, shop, deployed, told):
    """One drift is one training; ten days of it stand in tests/flows/steps/retrain."""
    told.bodies.clear()
    asked, decided = len(server.runs_of(RETRAIN)), query(database(shop.folder), DECISIONS)
    for number in range(1, 11):
        watches = len(server.runs_of(WATCH))
        server.start(WATCH)
        until(lambda known=watches: server.ended(WATCH, known + 1), 120)
        until(lambda known=asked + number: server.ended(RETRAIN, known), 120)
    answers = server.ended(RETRAIN)[asked:]
    assert {one["state"]["name"] for one in answers} == {"Not due"}
    assert query(database(shop.folder), DECISIONS) == decided + [(False, "age")] * 10
    assert told.messages == []


def test_what_the_gate_refuses_is_red_and_the_old_lists_stay(server, shop, deployed):
    before = live_lists(database(shop.folder))
    # Other data, other lists.
    shop.write(weeks_by_now())
    shop.configure(gate="max_churn = 0")
    earlier = len(server.runs_of(RETRAIN))
    server.start(RETRAIN, force=True)
    refused = until(lambda: server.ended(RETRAIN, earlier + 1), 180)[-1]
    assert (refused["state"]["type"], refused["state"]["name"]) == ("FAILED", "Refused")
    assert "churn" in refused["state"]["message"]
    assert live_lists(database(shop.folder)) == before
    # The next question meets the back-off, which says how often and for how long.
    server.start(RETRAIN)
    waits = until(lambda: server.ended(RETRAIN, earlier + 2), 120)[-1]
    assert waits["state"]["name"] == "Not due"
    assert "in a row: 1" in waits["state"]["message"]
    assert query(database(shop.folder), DECISIONS)[-1] == (False, "backoff")


def test_half_of_a_week_that_is_missing_holds_every_training(server, shop, deployed, told):
    before = query(database(shop.folder), "select count(*) from run")
    told.bodies.clear()
    shop.write(weeks_by_now(), "broken")
    watches, asked = len(server.runs_of(WATCH)), len(server.runs_of(RETRAIN))
    server.start(WATCH)
    watched = until(lambda: server.ended(WATCH, watches + 1), 120)[-1]
    assert watched["state"]["name"] == "Alerted"
    answer = until(lambda: server.ended(RETRAIN, asked + 1), 120)[-1]["state"]
    assert (answer["type"], answer["name"]) == ("COMPLETED", "Alerted")
    assert "the data is broken" in answer["message"]
    assert {(one["event"], one["events"][0]["kind"]) for one in told.messages} == {
        ("raised", "fault")
    }
    assert query(database(shop.folder), "select count(*) from run") == before


def _artifacts(server, run):
    rows = server.ask("artifacts", artifacts={"flow_run_id": {"any_": [run["id"]]}})
    return {row["key"]: row["data"] for row in rows}
