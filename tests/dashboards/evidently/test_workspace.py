"""The real Evidently workspace, and its real server on loopback."""

import gzip
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

import pytest

from dashboards.evidently.drawing import draw_report, show_report
from dashboards.evidently.report import write_report
from dashboards.evidently.workspace import application
from dashboards.measures.drift import drift
from dashboards.measures.stability import stability
from dashboards.run import RunRef
from dashboards.settings import MonitorSettings
from dashboards.web.guard import Guard
from dashboards.web.server import serve
from fusion.errors import ConfigError
from tests.dashboards.samples import RUN, lists, users, verdict

SUBJECTS = {"users": (users(200, 1), users(200, 2, shift=8))}
DRIFT = drift(SUBJECTS, MonitorSettings())
LATER = RunRef("run-2", RUN.placement, RUN.as_of + timedelta(days=7))
OTHER = RunRef("run-3", "mail", RUN.as_of)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """Two runs of a placement, the first without predecessor and recorded twice; one of another."""
    folder = tmp_path_factory.mktemp("dashboards")
    found = stability(lists(40, 1, 0.5), lists(40, 2, 0.5), catalogue=100)
    for run, drifted, compared in (
        (RUN, [], None),
        (RUN, [], None),
        (LATER, DRIFT, found),
        (OTHER, [], None),
    ):
        report = folder / run.run_id
        write_report(report, run, drifted, compared, verdict())
        draw_report(report, folder / "space", SUBJECTS if drifted else {})
    return folder / "space"


def home(workspace: Path) -> Path:
    files = workspace.glob("*/metadata.json")
    return next(file.parent for file in files if json.loads(file.read_text())["name"] == "home")


def test_a_placement_is_a_project_and_a_run_is_there_once(workspace):
    from evidently.ui.workspace import Workspace

    space = Workspace(str(workspace))
    assert sorted(project.name for project in space.list_projects()) == ["home", "mail"]
    (project,) = space.search_project("home")
    runs = [space.get_run(project.id, key) for key in space.list_runs(project.id)]
    names = sorted((run.metadata["run_id"], run.name) for run in runs)
    assert names == [("run-1", "run-1"), ("run-2", "run-2")]
    assert {run.timestamp for run in runs} == {RUN.time, LATER.time}
    assert len(project.dashboard.model().panels) == 5


def test_a_run_that_knows_nothing_is_recorded(tmp_path):
    write_report(tmp_path / "report", RUN, [], None, None)
    draw_report(tmp_path / "report", tmp_path / "space", {})
    assert len(list((tmp_path / "space").glob("*/snapshots/*.json"))) == 1


def test_nothing_is_left_half_written(workspace):
    assert (
        sorted(
            path.suffix
            for path in workspace.rglob("*")
            if path.is_file() and path.suffix != ".json"
        )
        == []
    )
    assert list(workspace.glob(".new-*")) == []


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask(url: str, body: dict | None = None) -> list | dict:
    """Ask once, never through a proxy."""
    data = None if body is None else json.dumps(body).encode()
    request = Request(url, data, {"Content-Type": "application/json"})
    with build_opener(ProxyHandler({})).open(request, timeout=10) as reply:
        return json.load(reply)


def await_answer(process: subprocess.Popen, url: str, seconds: float = 60) -> list | dict:
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        try:
            return ask(url)
        except HTTPError:
            raise
        except URLError:
            time.sleep(0.2)
    raise AssertionError(f"no answer; exit {process.poll()}")


def drawn(base: str, project: Path) -> dict[str, list[float | None]]:
    """Ask for the lines of all panels as the page does: legend -> values over runs."""
    panels = json.loads((project / "dashboard.json").read_text())["panels"]
    keys = ("metric", "metric_labels")
    every = {"tags": [], "metadata": {}}
    lines = [
        {**every, **{key: value[key] for key in keys}}
        for panel in panels
        for value in panel["values"]
    ]
    reply = ask(f"{base}/v2/snapshots/{project.name}/data_series_batch", {"series_filter": lines})
    legends = [value["legend"] for panel in panels for value in panel["values"]]
    return {legends[one["filter_index"]]: one["values"] for one in reply["series"]}


SERVE = """
import sys
from pathlib import Path
from dashboards.evidently.workspace import SERIES_QUERY, application
from dashboards.web.guard import Guard
from dashboards.web.server import serve
host = "127.0.0.1"
guarded = Guard(application(Path(sys.argv[1])), host, [SERIES_QUERY], scripted=("/",))
serve(guarded, int(sys.argv[2]), host, lambda: print("answering", flush=True))
print("closed")
"""


@pytest.fixture(scope="module")
def server(workspace):
    port = free_port()
    command = [sys.executable, "-c", SERVE, str(workspace), str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    yield process, port
    process.kill()
    process.communicate()


def test_the_address_is_told_when_it_answers_and_not_before(server):
    process, port = server
    assert process.stdout.readline() == b"answering\n"
    # Nobody waits or tries again: who reads the line may click on it.
    assert status(port, "GET", "/api/projects") == 200


def status(port: int, method: str, path: str, body: bytes | None = None, **headers: str) -> int:
    """Ask as anybody may: any method, any Host, any Origin."""
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    sent = {"Content-Type": "application/json", **headers}
    connection.request(method, path, body, sent)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def content(folder: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_nobody_changes_the_dashboards_and_no_other_page_reads_them(workspace, server):
    process, port = server
    await_answer(process, f"http://127.0.0.1:{port}/api/projects")
    before, project = content(workspace), home(workspace).name
    own = f"http://127.0.0.1:{port}"
    new = b'{"name": "planted"}'
    assert status(port, "GET", "/api/projects") == 200
    # a name of the attacker's that means 127.0.0.1, and pages of other origins
    for host in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example"):
        assert status(port, "GET", "/api/projects", Host=host) == 403
    for origin in (
        "https://evil.example",
        "null",
        "http://localhost",
        own.replace("http", "https"),
    ):
        assert status(port, "POST", "/api/projects", new, Origin=origin) == 403
        assert status(port, "GET", "/api/projects", Origin=origin) == 403
    assert status(port, "POST", "/api/datasets/upload", b"x", Origin="https://evil.example") == 403
    # also from this machine, and from the page itself, nothing is written
    attacks = {
        ("DELETE", f"/api/projects/{project}"),
        ("PATCH", f"/api/projects/{project}"),
        ("POST", "/api/projects"),
        ("POST", f"/api/projects/{project}/info"),
        ("POST", f"/api/v2/snapshots/{project}"),
        ("POST", f"/api/v2/dashboards/{project}"),
        ("POST", f"/api/v2/snapshots/{project}/data_series_batch/../../../projects"),
        ("POST", "/api/datasets/upload"),
        ("PUT", "/api/prompts"),
        ("OPTIONS", "/api/projects"),
    }
    for method, path in attacks:
        assert status(port, method, path, new, Origin=own) == 405, (method, path)
        assert status(port, method, path, new) == 405, (method, path)
    assert content(workspace) == before


SCRIPT = re.compile(r"static/js/[\w-]+\.js")


def sent(port: int, path: str) -> tuple[str, int]:
    """Ask as browsers do; returns the text, and the bytes on the way."""
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path, headers={"Accept-Encoding": "gzip, deflate, br"})
    answer = connection.getresponse()
    body = answer.read()
    zipped = answer.getheader("content-encoding") == "gzip"
    connection.close()
    return (gzip.decompress(body) if zipped else body).decode(), len(body)


def test_all_scripts_together_are_small_on_the_way(workspace, server):
    process, port = server
    await_answer(process, f"http://127.0.0.1:{port}/api/projects")
    waiting, total = [f"/projects/{home(workspace).name}"], 0
    known = set(waiting)
    while waiting:
        text, size = sent(port, waiting.pop())
        total += size
        found = {f"/{path}" for path in SCRIPT.findall(text)} - known
        known |= found
        waiting += found
    assert len(known) > 3
    assert total < 2_000_000


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
def test_the_page_still_draws_in_a_browser(workspace, server, tmp_path):
    process, port = server
    await_answer(process, f"http://127.0.0.1:{port}/api/projects")
    page = f"http://localhost:{port}/projects/{home(workspace).name}"
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}",
        "--window-size=1400,2400", "--virtual-time-budget=20000", "--dump-dom", page,
    ]  # fmt: skip
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
    titles = json.loads((home(workspace) / "dashboard.json").read_text())["panels"]
    for panel in titles:
        assert panel["title"] in ended.stdout
    # lines of a plot, and no word of Evidently's about an answer that failed
    assert ended.stdout.count('class="scatterlayer') + ended.stdout.count("<path") > 4
    assert "Refused to" not in ended.stderr


def test_the_server_draws_the_figures_shows_new_runs_and_ends_cleanly(workspace, server):
    process, port = server
    base, project = f"http://127.0.0.1:{port}/api", home(workspace)
    assert {one["name"] for one in await_answer(process, f"{base}/projects")} == {"home", "mail"}
    before = drawn(base, project)
    assert before["published"] == [0.3, 0.3]
    assert before["best source"] == [0.27, 0.27]
    assert before["users"] == [None, 0.25]
    assert set(before) >= {"churn", "Jaccard at 10", "rank-biased overlap", "coverage"}

    third = RunRef("run-4", "home", LATER.as_of + timedelta(days=7))
    write_report(workspace.parent / "run-4", third, [], None, verdict())
    # Without pictures, as monitoring leaves it.
    show_report(workspace.parent / "run-4", workspace)
    until = time.monotonic() + 20
    while len(drawn(base, project)["published"]) < 3 and time.monotonic() < until:
        time.sleep(0.2)
    assert drawn(base, project)["published"] == [0.3, 0.3, 0.3]

    with pytest.raises(ConfigError, match=f"cannot listen on 127.0.0.1:{port}"):
        serve(Guard(application, "127.0.0.1"), port, "127.0.0.1", lambda: None)
    process.send_signal(signal.SIGTERM)
    stdout, stderr = process.communicate(timeout=20)
    assert process.returncode == 0, stderr
    assert stdout.endswith(b"closed\n")


def test_a_folder_without_dashboards_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"no dashboards in .*`fusion run` fills it"):
        application(tmp_path)
