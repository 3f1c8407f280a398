"""A Prefect server as tests ask it, over HTTP."""

import json
import socket
import time
import urllib.request
from pathlib import Path


class Server:
    """A Prefect server on a free loopback port, asked over HTTP."""

    def __init__(self, home) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.api = f"http://127.0.0.1:{self.port}/api"
        self.env = {
            "PREFECT_HOME": str(home),
            "PREFECT_API_URL": self.api,
            "DO_NOT_TRACK": "1",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        }

    def ask(self, kind: str, **wanted):
        """Rows of `kind` (flow_runs, task_runs, deployments, flows)."""
        request = urllib.request.Request(
            f"{self.api}/{kind}/filter",
            json.dumps(wanted).encode(),
            {"content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def names_of_tasks(self, flow_run_id: str) -> dict[str, str]:
        found = self.ask("task_runs", flow_runs={"id": {"any_": [flow_run_id]}}, limit=200)
        return {row["name"]: row["state"]["type"] for row in found}

    def up(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.api}/health", timeout=5):
                return True
        except OSError:
            return False


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
