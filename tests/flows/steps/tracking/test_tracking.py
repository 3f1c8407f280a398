"""Runs as experiments: a real MLflow server, and TensorBoard's files get all of it."""

import os
import socket
import subprocess
import sys
import time
from urllib.request import urlopen

import pytest

from flows.session import Session
from flows.steps.tracking import tracking as module
from flows.steps.tracking.experiment import experiment_of
from flows.steps.tracking.tracking import track
from fusion.runs.run_folder import RunFolder, folder_of
from storage.runs.runs import runs
from tests.flows.world import environment

CURVES = {"name": "neural", "notes": {"steps": 200, "curve": "100=0.125 200=0.25"}}


@pytest.fixture
def tracked(shop, tmp_path):
    """Track the newest run of the shop, as one with curves; into a folder of the test's own."""
    sessions = []

    def _track(to: str, uri: str | None = None, seconds: float = 100):
        session = Session.open(shop / "fusion.toml")
        sessions.append(session)
        settings = session.config.tracking.model_copy(
            update={"to": to, "uri": uri, "seconds": seconds}
        )
        object.__setattr__(session.config, "tracking", settings)
        run = runs(session.engine, "default", 1)[0]
        manifest = {**run.manifest, "sources": [*run.manifest["sources"], CURVES]}
        track(session, run.run_id, run.run_no, "published", manifest)
        folder = RunFolder(folder_of(session.runs, run.run_id))
        return experiment_of(run.run_id, run.run_no, "published", manifest, folder)

    yield _track
    for session in sessions:
        session.engine.dispose()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """MLflow's own tracking server, on loopback."""
    pytest.importorskip("flask")
    folder = tmp_path_factory.mktemp("mlflow")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = ["server", "--port", str(port), "--backend-store-uri", f"sqlite:///{folder}/m.db"]
    words += ["--artifacts-destination", str(folder / "artifacts"), "--workers", "1"]
    with (folder / "log").open("w") as log:
        serving = subprocess.Popen(
            [sys.executable, "-m", "mlflow", *words],
            cwd=folder,
            env=environment(MLFLOW_DISABLE_TELEMETRY="true", DO_NOT_TRACK="true"),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    url = f"http://127.0.0.1:{port}"
    for _ in range(240):
        try:
            with urlopen(f"{url}/health"):
                break
        except OSError:
            assert serving.poll() is None, (folder / "log").read_text()
            time.sleep(0.5)
    yield url
    os.killpg(serving.pid, 15)
    serving.wait(60)


def test_an_experiment_holds_settings_verdict_costs_and_curves(tracked, monkeypatch):
    monkeypatch.setattr(module, "_write", lambda *words: None)
    experiment = tracked("tensorboard")
    values = {(one.name, one.step): one.value for one in experiment.metrics}
    assert 0 < values["reported/ndcg_at_10", 0] < 1
    assert {("ranker/ndcg_at_10", 0), ("ease/recall_at_20", 0)} <= set(values)
    assert values["curve/neural", 200] == 0.25
    assert any(name.startswith("seconds/") for name, _ in values)
    assert experiment.parameters["sources.1.name"] == "ease"
    assert experiment.parameters["lists.size"] == "5"
    assert [file.name for file in experiment.files] == ["manifest.json"]


@pytest.mark.faults
def test_a_real_server_of_mlflow_gets_a_run(tracked, server, caplog):
    from mlflow.tracking import MlflowClient

    experiment = tracked("mlflow", server)
    assert "not tracked" not in caplog.text
    client = MlflowClient(server)
    known = client.get_experiment_by_name("fusion default")
    (run,) = client.search_runs([known.experiment_id])
    assert (run.info.run_name, run.info.status) == (experiment.run_id, "FINISHED")
    assert run.data.params["lists.size"] == "5"
    assert run.data.metrics["curve/neural"] == 0.25
    steps = [
        (one.step, one.value) for one in client.get_metric_history(run.info.run_id, "curve/neural")
    ]
    assert steps == [(100, 0.125), (200, 0.25)]
    names = {one.path for one in client.list_artifacts(run.info.run_id)}
    assert names == {"manifest.json", "verdict.json"}


def test_tensorboard_gets_curves_and_a_row_of_runs(tracked, tmp_path, caplog):
    experiment = tracked("tensorboard", str(tmp_path))
    assert "not tracked" not in caplog.text
    folders = {file.parent.name for file in tmp_path.rglob("events.*")}
    assert folders == {experiment.run_id, "all runs"}
    content = b"".join(file.read_bytes() for file in tmp_path.rglob("events.*"))
    assert b"curve/neural" in content
    assert b"reported/ndcg_at_10" in content


@pytest.mark.parametrize("uri", ["http://ann:hunter2@127.0.0.1:1", "nonsense://hunter2@x"])
def test_a_tool_that_is_away_is_a_line_of_the_log(tracked, uri, caplog):
    began = time.monotonic()
    tracked("mlflow", uri, 3)
    assert time.monotonic() - began < 20
    assert "not tracked run_id=" in caplog.text


def test_a_missing_extra_is_a_line_of_the_log(tracked, monkeypatch, caplog):
    monkeypatch.setattr("fusion.core.extras.find_spec", lambda name: None)
    tracked("mlflow")
    assert "pip install 'fusion-recommender[mlflow]'" in caplog.text


def test_without_a_tool_nothing_is_done(tracked, monkeypatch):
    monkeypatch.setattr(module, "_tool", None)
    tracked(None)


def test_checks_of_neural_sources_are_noted():
    from fusion.models.nn.trainer import StepSearch, curve_text

    assert curve_text(StepSearch(200, gains=((100, 0.125), (200, 0.25)))) == "100=0.125 200=0.25"
    assert curve_text(StepSearch(200)) == ""
