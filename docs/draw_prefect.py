"""Take the pictures of Prefect's pages that `scheduling.md` shows.

`python docs/draw_prefect.py` starts a Prefect server and a worker of its own, deploys a small shop,
lets it train and watch, and writes `images/prefect-*.png` with a headless Chromium.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import numpy as np
from playwright.sync_api import sync_playwright

T = TypeVar("T")
ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
PLACEMENT, POOL = "home", "fusion"
SECONDS = 500
"""To wait for a server or a flow run."""
CONFIG = f"""\
[data]
interactions = "events.csv"

[data.columns]
user = "user"
item = "item"
time = "time"

[[sources]]
name = "popularity"

[[sources]]
name = "ease"

[[sources]]
name = "item_knn"

[tune]
trials = 0

[split]
window = 7
folds = 2

[lists]
placement = "{PLACEMENT}"
"""


class Prefect:
    """A Prefect server on a free port of this machine, with a folder of its own."""

    def __init__(self, home: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.pages = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PREFECT_HOME": str(home),
            "PREFECT_API_URL": f"{self.pages}/api",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
        }

    def ask(self, path: str, content: dict[str, Any]) -> Any:
        """Send JSON to the server and return its answer.

        Args:
            path: below the address of its API.
            content: to be sent.
        """
        headers = {"content-type": "application/json"}
        request = Request(f"{self.pages}/api/{path}", json.dumps(content).encode(), headers)
        while True:
            try:
                with urlopen(request) as answer:
                    return json.load(answer)
            except HTTPError as busy:
                # SQLite is busy for a moment.
                if busy.code != 503:
                    raise
                time.sleep(1)

    def is_up(self) -> bool:
        """Return whether it answers."""
        try:
            with urlopen(f"{self.pages}/api/health"):
                return True
        except URLError:
            return False

    def start(self, deployment: str) -> None:
        """Start a deployment as a person does on its page.

        Args:
            deployment: its name.
        """
        [row] = self.ask("deployments/filter", {"deployments": {"name": {"any_": [deployment]}}})
        path = f"deployments/{row['id']}/create_flow_run"
        self.ask(path, {"state": {"type": "SCHEDULED"}})

    def ended(self, deployment: str) -> str:
        """Return the id of a flow run of a deployment that has ended; "" where none has.

        Args:
            deployment: its name.
        """
        done = {"flow_runs": {"state": {"type": {"any_": ["COMPLETED", "FAILED", "CRASHED"]}}}}
        named = {"deployments": {"name": {"any_": [deployment]}}}
        rows = self.ask("flow_runs/filter", {**done, **named})
        return str(rows[0]["id"]) if rows else ""

    def artifact(self, key: str) -> str:
        """Return the id of the newest artifact of a key.

        Args:
            key: of the artifact.
        """
        rows = self.ask("artifacts/latest/filter", {"artifacts": {"key": {"any_": [key]}}})
        return str(rows[0]["latest_id"])

    def picture(self, place: str, name: str, height: int, tab: str = "") -> None:
        """Write what a page looks like.

        Args:
            place: path of the page.
            name: of the file.
            height: in pixels.
            tab: to open on the page; "" leaves the one that is open.
        """
        with sync_playwright() as driver:
            browser = driver.chromium.launch(
                executable_path=shutil.which("chromium") or "", args=["--no-sandbox"]
            )
            page = browser.new_page(viewport={"width": 1400, "height": height})
            page.goto(f"{self.pages}/{place}")
            if tab:
                page.get_by_text(tab, exact=True).first.click()
            page.wait_for_load_state("networkidle")
            # Graphs and tables of Prefect's pages are drawn after that.
            page.wait_for_timeout(3000)
            page.screenshot(path=IMAGES / name)
            browser.close()


def until(holds: Callable[[], T]) -> T:
    """Wait until something holds, and return it.

    Args:
        holds: asked twice a second.
    """
    end = time.monotonic() + SECONDS
    while not (result := holds()):
        if time.monotonic() > end:
            raise TimeoutError(f"{holds} did not hold within {SECONDS} s")
        time.sleep(0.5)
    return result


@contextmanager
def started(words: list[str], folder: Path, environment: dict[str, str]) -> Iterator[None]:
    """Run a program of Python as long as the block lasts."""
    with (folder / f"{words[1]}.log").open("w") as log:
        line = [sys.executable, "-m", *words]
        process = subprocess.Popen(line, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            # A worker may wait for ever for what it has begun.
            process.kill()
            process.wait()


def write_shop(folder: Path) -> None:
    """Write the events of people with four tastes, up to now, and a configuration."""
    rng = np.random.default_rng(1)
    lines = ["user,item,time"]
    now = int(time.time())
    for user in range(400):
        for _ in range(40):
            item = 4 * int(rng.zipf(1.6) % 30) + user % 4
            lines.append(f"u{user},i{item},{now - int(rng.integers(0, 150 * 86_400))}")
    (folder / "events.csv").write_text("\n".join(lines) + "\n")
    (folder / "fusion.toml").write_text(CONFIG)


def main() -> None:
    """Take the pictures."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_shop(folder)
        prefect = Prefect(folder / "prefect")
        address = ["--host", "127.0.0.1", "--port", str(prefect.port)]
        with started(["prefect", "server", "start", *address], folder, prefect.environment):
            until(prefect.is_up)
            deploy = [sys.executable, "-m", "flows.cli", "deploy", "--pool", POOL]
            subprocess.run(deploy, cwd=folder, env=prefect.environment, check=True)
            working = ["prefect", "worker", "start", "--pool", POOL]
            with started(working, folder, prefect.environment):
                prefect.start(f"run {PLACEMENT}")
                flow_run = until(lambda: prefect.ended(f"run {PLACEMENT}"))
                # Its event starts `retrain`.
                prefect.start(f"watch {PLACEMENT}")
                until(lambda: prefect.ended(f"retrain {PLACEMENT}"))
                prefect.picture("deployments", "prefect-deployments.png", 620)
                page = f"runs/flow-run/{flow_run}"
                prefect.picture(page, "prefect-run.png", 620)
                prefect.picture(page, "prefect-artifacts.png", 1000, tab="Artifacts")
                verdict = prefect.artifact(f"fusion-verdict-{PLACEMENT}")
                prefect.picture(f"artifacts/artifact/{verdict}", "prefect-artifact.png", 620)


if __name__ == "__main__":
    main()
