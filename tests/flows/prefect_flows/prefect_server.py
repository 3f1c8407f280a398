"""A Prefect server as tests ask it, over HTTP."""

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.flows.world import environment

ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


class Server:
    """A Prefect server on a free loopback port, asked over HTTP."""

    def __init__(self, home) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.home = home
        self.api = f"http://127.0.0.1:{self.port}/api"
        self.env = {
            "PREFECT_HOME": str(home),
            "PREFECT_API_URL": self.api,
            "DO_NOT_TRACK": "1",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        }

    def ask(self, kind: str, **wanted):
        """Rows of `kind` (flow_runs, task_runs, deployments, flows)."""
        return self.post(f"{kind}/filter", wanted)

    def post(self, path: str, content):
        """The answer to some JSON."""
        request = urllib.request.Request(
            f"{self.api}/{path}",
            json.dumps(content).encode(),
            {"content-type": "application/json"},
        )
        for _ in range(30):
            try:
                with urllib.request.urlopen(request, timeout=120) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as busy:
                # SQLite is busy: Prefect's own clients ask again, too.
                if busy.code != 503:
                    raise
                time.sleep(1)
        raise AssertionError(f"{path} was never answered")

    def deployment(self, name: str):
        [row] = self.ask("deployments", deployments={"name": {"any_": [name]}})
        return row

    def start(self, deployment: str, **parameters: object) -> str:
        """Start a deployment as a person does on its page; gives the id of the flow run."""
        place = f"deployments/{self.deployment(deployment)['id']}/create_flow_run"
        state = {"type": "SCHEDULED"}
        return self.post(place, {"state": state, "parameters": parameters})["id"]

    def runs_of(self, deployment: str):
        """Flow runs of a deployment that have begun, the oldest first."""
        same = {"name": {"any_": [deployment]}}
        runs = self.ask("flow_runs", deployments=same, sort="EXPECTED_START_TIME_ASC", limit=200)
        return [run for run in runs if run["state"]["type"] not in ("SCHEDULED", "PENDING")]

    def ended(self, deployment: str, count: int = 1):
        """Flow runs of a deployment that have ended, once there are so many."""
        runs = [run for run in self.runs_of(deployment) if run["state"]["type"] in ENDED]
        return runs if len(runs) >= count else None

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Run the server as long as the block lasts; what it knows stays for the next time."""
        line = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1"]
        line += ["--port", str(self.port)]
        with (self.home / "log").open("a") as log:
            process = subprocess.Popen(line, env=environment(**self.env), stdout=log, stderr=log)
        try:
            until(self.up, 90)
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)

    def names_of_tasks(self, flow_run_id: str) -> dict[str, str]:
        found = self.ask("task_runs", flow_runs={"id": {"any_": [flow_run_id]}}, limit=200)
        return {row["name"]: row["state"]["type"] for row in found}

    def up(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.api}/health", timeout=5):
                return True
        except OSError:
            return False


@contextmanager
def worker(server: Server, pool: str, folder: Path, *options: str) -> Iterator[subprocess.Popen]:
    """A worker of a pool, ended by SIGTERM; it says in `worker.log` what its flow runs say."""
    line = [sys.executable, "-m", "prefect", "worker", "start", "--pool", pool, *options]
    env = environment(**server.env, PREFECT_WORKER_QUERY_SECONDS="1")
    with (folder / "worker.log").open("a") as log:
        working = subprocess.Popen(line, cwd=folder, env=env, stdout=log, stderr=log)
    try:
        yield working
    finally:
        if working.poll() is None:
            working.send_signal(signal.SIGTERM)
            working.wait(timeout=60)


def until(holds, seconds: float):
    """Wait until `holds()` gives something and give it; fail after so many seconds."""
    end = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.5)
    return found


def children(process: int) -> list[int]:
    """Processes that any thread of a process started."""
    tasks = Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]
