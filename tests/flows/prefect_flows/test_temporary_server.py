"""The temporary server of `fusion schedule`, attacked by a process that has not its secret."""

import base64
import json
import os
import re
import signal
import subprocess
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.flows.network.sockets import Sockets
from tests.flows.prefect_flows.prefect_server import children, until
from tests.flows.world import command, environment

pytestmark = pytest.mark.prefect
SECRET = "PREFECT_SERVER_API_AUTH_STRING"
EVIL = "https://evil.example"
FOREIGN_CODE = "os.system"
SHOWN = ("cmdline", "environ")
"""Files of /proc by which a process is known: the first to everybody, the second to its user."""


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes = field(repr=False)

    @property
    def json(self):
        return json.loads(self.body)


@dataclass(frozen=True)
class Schedule:
    """A running `fusion schedule`: its port, its log, and the secret that only its owner reads."""

    port: int
    log: Path
    home: Path
    secret: str
    processes: tuple[int, ...]
    sockets: Sockets

    def ask(self, method: str, path: str, content=None, **headers: str) -> Answer:
        """Ask the server; nothing is sent but what is given."""
        sent = {"content-type": "application/json", **headers}
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api{path}",
            json.dumps(content).encode() if content is not None else None,
            sent,
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return Answer(answer.status, dict(answer.headers), answer.read())
        except urllib.error.HTTPError as refused:
            return Answer(refused.code, dict(refused.headers), refused.read())

    def ask_as_owner(self, method: str, path: str, content=None) -> Answer:
        credentials = base64.b64encode(self.secret.encode()).decode()
        return self.ask(method, path, content, authorization=f"Basic {credentials}")

    def deployment(self, name: str):
        rows = self.ask_as_owner("POST", "/deployments/filter", {}).json
        return next(row for row in rows if row["name"] == name)


def environment_of(process: int) -> dict[str, str]:
    pairs = Path(f"/proc/{process}/environ").read_text().split("\0")
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)


@pytest.fixture(scope="module")
def schedule(bare, tmp_path_factory):
    home = tmp_path_factory.mktemp("temporary-server")
    log = home / "schedule.log"
    sockets = Sockets(tmp_path_factory.mktemp("sockets"))
    env = {**sockets.environment, "PREFECT_HOME": str(home / "prefect")}
    with log.open("w") as file:
        serving = subprocess.Popen(command("schedule"), cwd=bare, env=env, stdout=file, stderr=file)
    try:
        until(lambda: "deployments are being served" in log.read_text(), 120)
        port = int(re.search(r"http://127\.0\.0\.1:(\d+)", log.read_text()).group(1))
        servers = children(serving.pid)
        secret = next((environment_of(one).get(SECRET, "") for one in servers), "")
        yield Schedule(port, log, home, secret, (serving.pid, *servers), sockets)
    finally:
        serving.send_signal(signal.SIGTERM)
        serving.wait(timeout=60)


def test_without_the_secret_nobody_changes_a_deployment_or_starts_one(schedule):
    """The attack: another entry point, and a flow run that makes the schedule execute it."""
    before = schedule.deployment("retrain default")
    place = f"/deployments/{before['id']}"
    changed = schedule.ask("PATCH", place, {"entrypoint": f"evil.py:{FOREIGN_CODE}"})
    started = schedule.ask("POST", f"{place}/create_flow_run", {"state": {"type": "SCHEDULED"}})
    listed = schedule.ask("POST", "/deployments/filter", {})
    wrong = schedule.ask("POST", "/deployments/filter", {}, authorization="Basic YWRtaW46cGFzcw==")
    assert [answer.status for answer in (changed, started, listed, wrong)] == [401] * 4
    assert schedule.deployment("retrain default")["entrypoint"] == before["entrypoint"]
    assert schedule.ask_as_owner("POST", "/flow_runs/filter", {"name": {}}).status in (200, 422)


def test_it_plans_what_the_crons_ask_for(schedule):
    """A server that Prefect starts by itself leaves that out: no night ever came."""
    waiting = {"flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}, "limit": 200}

    def planned():
        rows = schedule.ask_as_owner("POST", "/flow_runs/filter", waiting).json
        names = {row["deployment_id"] for row in rows if row["auto_scheduled"]}
        wanted = {schedule.deployment(f"{verb} default")["id"] for verb in ("watch", "retrain")}
        return names == wanted

    until(planned, 90)


def test_without_the_secret_nobody_sends_events(schedule):
    events = f"ws://127.0.0.1:{schedule.port}/api/events/in"
    with connect(events, subprotocols=["prefect"]) as socket:
        socket.send(json.dumps({"type": "auth", "token": "guessed"}))
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=20)


def test_a_page_of_another_origin_gets_nothing(schedule):
    asked = schedule.ask("POST", "/deployments/filter", {}, origin=EVIL)
    preflight = schedule.ask(
        "OPTIONS", "/deployments/filter", origin=EVIL,
        **{"access-control-request-method": "PATCH"},
    )  # fmt: skip
    for answer in (asked, preflight):
        allowed = {name.lower(): value for name, value in answer.headers.items()}
        assert "access-control-allow-origin" not in allowed
    assert preflight.status == 400


def test_the_schedule_itself_has_the_secret_and_its_flows_run(schedule):
    """A flow run in a process of its own reports its end, which takes the secret."""
    place = f"/deployments/{schedule.deployment('monitor default')['id']}"

    def start():
        answer = schedule.ask_as_owner(
            "POST", f"{place}/create_flow_run", {"state": {"type": "SCHEDULED"}}
        )
        # 503 while SQLite is busy, which Prefect's own clients ask again for
        return answer if answer.status in (200, 201) else None

    started = until(start, 60)
    run = f"/flow_runs/{started.json['id']}"

    def ended():
        state = schedule.ask_as_owner("GET", run).json["state"]
        return state if state["type"] in ("COMPLETED", "FAILED", "CRASHED") else None

    state = until(ended, 120)
    # nothing was trained here: the flow says so, and the server has heard it
    reported = f"{state['message']}\n{schedule.log.read_text()}"
    assert (state["type"], "is not there" in state["message"]) == ("FAILED", True), reported


def test_the_schedule_its_server_and_its_flow_runs_speak_to_this_machine_alone(schedule):
    """A flow run has ended by now: telemetry would have been sent."""
    programs = {line.split(maxsplit=2)[2] for line in schedule.sockets.noted}
    assert len(programs) >= 3, programs
    assert schedule.sockets.elsewhere == []


def test_the_secret_stands_in_the_environment_alone(schedule):
    assert len(schedule.secret) > 40
    for process in schedule.processes:
        assert schedule.secret not in Path(f"/proc/{process}/cmdline").read_text()
        assert Path(f"/proc/{process}/environ").stat().st_mode & 0o077 == 0
    files = [file for file in schedule.home.rglob("*") if file.is_file()]
    assert schedule.log in files
    # It serves no pages, and Prefect warns of no line between flow runs.
    assert "Prefect UI" not in schedule.log.read_text()
    assert "UserWarning" not in schedule.log.read_text()
    assert [file for file in files if schedule.secret.encode() in file.read_bytes()] == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")
def test_another_user_of_the_machine_reads_no_secret(schedule):
    places = [f"/proc/{process}/{name}" for process in schedule.processes for name in SHOWN]
    nobody = {"user": 65534, "group": 65534, "extra_groups": []}
    done = subprocess.run(["cat", *places], capture_output=True, check=False, **nobody)
    assert b"flows.cli" in done.stdout  # the list of processes is open to everybody
    assert done.stderr.count(b"Permission denied") == len(schedule.processes)
    assert schedule.secret.encode() not in done.stdout


def test_the_schedule_sends_nothing_away(schedule):
    for process in schedule.processes[1:]:
        env = environment_of(process)
        assert env["DO_NOT_TRACK"] == "1"
        assert env["PREFECT_SERVER_ANALYTICS_ENABLED"].lower() == "false"


def test_prefect_reads_the_environment_that_the_room_has_set(tmp_path):
    """Whichever module of the room comes first, and also where Prefect was imported before."""
    script = """
{first}
import flows.prefect_flows.{module}
from prefect.settings import get_current_settings
settings = get_current_settings()
assert settings.server.analytics_enabled is False
assert settings.server.ephemeral.startup_timeout_seconds == 180
assert settings.api.auth_string.get_secret_value().startswith("fusion:")
assert settings.server.api.auth_string == settings.api.auth_string
assert settings.server.api.cors_allowed_origins == "https://none.invalid"
"""
    # light modules: those with the flows would be imported in the same order, and take seconds
    for first, module in (("", "api"), ("import prefect", "environment")):
        done = subprocess.run(
            [*command()[:1], "-c", script.format(first=first, module=module)],
            cwd=tmp_path, env=environment(PREFECT_HOME=str(tmp_path)), capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr


CONFIGURED = {
    "environment": ({}, {"PREFECT_API_URL": "http://prefect.example/api"}),
    "dotenv": ({".env": "PREFECT_API_URL=http://prefect.example/api\n"}, {}),
    "prefect.toml": ({"prefect.toml": '[api]\nurl = "http://prefect.example/api"\n'}, {}),
    "pyproject": (
        {"pyproject.toml": '[tool.prefect.api]\nurl = "http://prefect.example/api"\n'},
        {},
    ),
    "profile": (
        {
            "profiles.toml": 'active = "a"\n[profiles.a]\n'
            'PREFECT_API_URL = "http://prefect.example/api"\n'
        },
        {},
    ),
}


@pytest.mark.parametrize(("files", "env"), CONFIGURED.values(), ids=CONFIGURED)
def test_a_configured_server_gets_no_secret_of_ours(files, env, tmp_path, monkeypatch):
    from flows.prefect_flows.environment import prepare

    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    prepare()
    assert SECRET not in os.environ
    assert "PREFECT_API_AUTH_STRING" not in os.environ
