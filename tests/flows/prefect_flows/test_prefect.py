"""The loop under a real Prefect server: flows, steps as task runs, and a cron that really comes."""

import shutil
import signal
import subprocess
import sys
from typing import Any

import pytest

from tests.flows.prefect_flows.prefect_server import until
from tests.flows.world import EARLY, command, database, environment, fusion, live_lists, query

pytestmark = pytest.mark.prefect
LISTS = (
    "select user_id, rank, item_id, score from recommendation where run_no = 1 "
    "order by user_id, rank"
)
WAITING = "select run_id, changed_by from slot join run using (run_no) where name = 'challenger'"


def test_run_goes_through_the_flow_and_gives_the_same_lists(server, prefect_shop, shop_made):
    folder, ended = prefect_shop
    plain_folder, (plain, _) = shop_made
    assert ended.code == plain.code, ended.err
    assert query(database(folder), LISTS) == query(database(plain_folder), LISTS)
    assert query(database(folder), "select changed_by from slot") == [("ann",)]
    ours, theirs = ended.json, plain.json
    assert ours["verdict"] == theirs["verdict"]
    assert [alert["name"] for alert in ours["monitor"]["alerts"]] == [
        a["name"] for a in theirs["monitor"]["alerts"]
    ]


def test_steps_of_the_run_are_task_runs(server, prefect_shop):
    flow = server.ask("flows", flows={"name": {"any_": ["fusion run"]}})[0]
    run = server.ask("flow_runs", flows={"id": {"any_": [flow["id"]]}})[0]
    assert run["state"]["type"] == "COMPLETED"
    _, ended = prefect_shop
    assert run["state"]["name"] == {0: "Published", 4: "Alerted"}[ended.code]
    assert run["name"] == "run default"
    assert {"default", ended.json["run"]["id"]} <= set(run["tags"])
    # the server writes task runs down from events, a moment later
    tasks = until(lambda: _with_monitor(server, run["id"]), 30)
    assert set(tasks.values()) == {"COMPLETED"}
    for name in (
        "load",
        "fit ease on verdict",
        "ranker",
        "verdict",
        "lists",
        "load lists into SQL",
        "publish",
    ):
        assert name in tasks


def _with_monitor(server, run_id):
    found = server.names_of_tasks(run_id)
    return found if found.get("monitor") == "COMPLETED" else None


def test_retrain_asks_the_policy_as_a_task(server, prefect_shop):
    folder, _ = prefect_shop
    ended = fusion(folder, "retrain", "--json", **server.env)
    assert ended.code == 0, ended.err
    assert ended.json["due"]["trigger"] == "cooldown"
    flow = server.ask("flows", flows={"name": {"any_": ["fusion retrain"]}})[0]
    run = server.ask("flow_runs", flows={"id": {"any_": [flow["id"]]}})[0]
    assert (run["name"], run["state"]["name"]) == ("retrain default", "Not due")
    assert "cool-down" in run["state"]["message"]
    assert until(lambda: server.names_of_tasks(run["id"]), 30) == {"policy": "COMPLETED"}


def test_a_refused_turn_is_red_and_says_why(server, prefect_shop, tmp_path):
    """It was green: nothing was published for nights, and nobody saw it."""
    folder = shutil.copytree(prefect_shop[0], tmp_path / "shop")
    shown = live_lists(database(folder))
    strict = {**server.env, "FUSION_GATE__MAX_CHURN": "0"}
    ended = fusion(folder, "run", "--json", **strict)
    assert ended.code == 1, ended.err
    assert live_lists(database(folder)) == shown
    run_id = ended.json["run"]["id"]
    run = server.ask("flow_runs", flow_runs={"tags": {"all_": [run_id]}})[0]
    assert (run["state"]["type"], run["state"]["name"]) == ("FAILED", "Refused")
    assert "churn" in run["state"]["message"]
    # A run leaves several artifacts, and the server promises no order among them.
    artifact = server.ask(
        "artifacts",
        artifacts={
            "flow_run_id": {"any_": [run["id"]]},
            "key": {"any_": ["fusion-run-default"]},
        },
    )[0]
    for words in ("Refused: nothing was published", "churn", "| NDCG@10 |", "chosen"):
        assert words in artifact["data"]


def test_held_runs_wait_and_approval_shows_the_last_one(server, prefect_shop, tmp_path):
    """By `--hold`, and because every run wants approval; the second takes the first one's place."""
    shop = shutil.copytree(prefect_shop[0], tmp_path / "shop")
    url, before = database(shop), live_lists(database(prefect_shop[0]))
    held = fusion(shop, "run", "--as-of", EARLY, "--hold", "--by", "bea", "--json", **server.env)
    assert held.code in (0, 4), held.err
    assert (held.json["published"], held.json["held"], held.json["replaced"]) == (False, True, None)
    flow = server.ask("flows", flows={"name": {"any_": ["fusion run"]}})[0]
    asked = server.ask("flow_runs", flows={"id": {"any_": [flow["id"]]}}, sort="START_TIME_DESC")[0]
    assert (asked["parameters"]["hold"], asked["parameters"]["by"]) == (True, "bea")
    wants = {**server.env, "FUSION_GATE__APPROVE": "true"}
    again = fusion(shop, "run", "--as-of", EARLY, "--by", "cy", "--json", **wants)
    assert again.code in (0, 4), again.err
    first, last = held.json["run"]["id"], again.json["run"]["id"]
    assert (again.json["published"], again.json["held"], again.json["replaced"]) == (
        False,
        True,
        first,
    )
    assert query(url, WAITING) == [(last, "cy")]
    assert live_lists(url) == before
    approved = fusion(shop, "approve", last, "--by", "dan", "--json", **server.env)
    assert approved.code == 0, approved.err
    assert query(url, "select distinct run_id from current_recommendations") == [(last,)]
    assert query(url, WAITING) == []


def test_errors_keep_their_exit_code_and_sentence(server, prefect_shop):
    folder, _ = prefect_shop
    ended = fusion(folder, "publish", "20200101-000000-abcdef", "--json", **server.env)
    assert (ended.code, ended.json["exit_code"]) == (2, 2)
    assert "unknown run" in ended.json["error"]
    broken = (folder / "fusion.toml").read_text().replace('"ratings.csv"', '"rating.csv"')
    (folder / "broken.toml").write_text(broken)
    ended = fusion(folder, "run", "--config", "broken.toml", **server.env)
    assert ended.code == 2
    assert "rating.csv does not exist" in ended.err
    assert "Traceback" not in ended.err


def crons_of(deployments: list[dict[str, Any]], name: str) -> list[str]:
    """Return the crons of the deployment of a name, if it is there."""
    named = [row for row in deployments if row["name"] == name]
    return [entry["schedule"]["cron"] for row in named for entry in row["schedules"]]


def test_a_cron_creates_a_scheduled_run_that_completes_and_the_schedule_ends_cleanly(
    server, prefect_shop
):
    folder, _ = prefect_shop
    config = folder / "minutely.toml"
    config.write_text((folder / "fusion.toml").read_text() + '\n[retrain]\ncron = "* * * * *"\n')
    before = query(database(folder), "select count(*) from decision")[0][0]
    with (folder / "schedule.log").open("w") as log:
        serving = subprocess.Popen(
            command("schedule", "--config", "minutely.toml"),
            cwd=folder, env=environment(**server.env), stdout=log, stderr=log,
        )  # fmt: skip
    try:
        until(
            lambda: server.ask("flow_runs", flow_runs={"state": {"type": {"any_": ["SCHEDULED"]}}}),
            60,
        )
        # They are registered one after the other, and the first may have its run by then. Another
        # test's schedule may have left its own.
        until(lambda: "* * * * *" in crons_of(server.ask("deployments"), "retrain default"), 60)
        until(lambda: len(server.ask("deployments")) == 5, 60)
        deployments = {row["name"]: row for row in server.ask("deployments")}
        assert set(deployments) == {
            f"{flow} default" for flow in ("watch", "retrain", "run", "monitor", "prune")
        }
        assert deployments["retrain default"]["schedules"][0]["schedule"]["cron"] == "* * * * *"
        assert deployments["run default"]["schedules"] == []
        assert all(row["global_concurrency_limit"]["limit"] == 1 for row in deployments.values())
        done = until(
            lambda: server.ask(
                "flow_runs",
                flow_runs={
                    "deployment_id": {"any_": [deployments["retrain default"]["id"]]},
                    "state": {"type": {"any_": ["COMPLETED", "FAILED", "CRASHED"]}},
                },
            ),
            100,
        )
    finally:
        serving.send_signal(signal.SIGTERM)
        code = serving.wait(timeout=60)
    assert code == 0
    assert (done[0]["auto_scheduled"], done[0]["state"]["type"]) == (True, "COMPLETED")
    assert query(database(folder), "select count(*) from decision")[0][0] > before
    assert all(row["paused"] for row in server.ask("deployments"))


def test_evidently_and_the_deployments_import(tmp_path):
    """What breaks with a wrong pandas, fastapi or SQLAlchemy, which `pip check` does not see."""
    script = "import evidently, flows.prefect_flows.deployments, prefect.server.api.server"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment(PREFECT_HOME=str(tmp_path)),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
