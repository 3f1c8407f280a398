"""Metrics of a placement: a parser of Prometheus reads them, and the file is replaced whole."""

import os
from datetime import timedelta
from threading import Thread
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from flows.steps.metrics.endpoint import LOOPBACK, open_server, serving_metrics
from flows.steps.metrics.exposition import Metric, exposition
from flows.steps.metrics.state import metrics_text
from fusion.errors import ConfigError, Unavailable
from storage.reading.live_run import live
from storage.runs.records import add_decision
from storage.watches.alert_rows import NewAlert
from storage.watches.alerts import acknowledge, raise_alert
from tests.flows.calling import call


def samples(text: str) -> dict[tuple[str, tuple], float]:
    """Values by name and labels, without the placement's."""
    read = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation
        for sample in family.samples:
            labels = {key: value for key, value in sample.labels.items() if key != "placement"}
            assert sample.labels["placement"] == "default"
            read[sample.name, tuple(sorted(labels.items()))] = sample.value
    return read


def test_the_state_of_a_placement_is_measured(own_runs):
    slot = live(own_runs.engine, "default")
    fault = NewAlert("stale", "interactions", "rows", "fault", "m")
    raise_alert(own_runs.engine, "default", fault)
    number, _ = raise_alert(own_runs.engine, "default", NewAlert("old", "x", "y", "change", "m"))
    acknowledge(own_runs.engine, "default", number, by="ann", why="a sale")
    add_decision(own_runs.engine, "default", False, reason="r", trigger="age")
    read = samples(metrics_text(own_runs, slot.run.created_at + timedelta(hours=5)))
    assert read["fusion_live", ()] == 1
    assert read["fusion_live_age_seconds", ()] == 5 * 3600
    assert read["fusion_live_since_timestamp_seconds", ()] == slot.since.timestamp()
    assert read["fusion_live_rows", (("table", "recommendation"),)] == 90 * 8
    assert read["fusion_open_alerts", (("kind", "fault"), ("severity", "alarm"))] == 1
    assert read["fusion_open_alerts", (("kind", "change"), ("severity", "alarm"))] == 0
    assert read["fusion_decision_due", (("trigger", "age"),)] == 0
    assert read["fusion_notifications_waiting", ()] == 0
    stages = {dict(labels)["stage"] for name, labels in read if name == "fusion_stage_seconds"}
    assert "load lists into SQL" in stages or len(stages) > 5
    peaks = [value for (name, _), value in read.items() if name == "fusion_stage_peak_bytes"]
    assert min(peaks) > 50 * 2**20


def test_without_a_database_nothing_is_live(bare):
    ended = call(bare, "metrics")
    assert ended.code == 0, ended.message
    assert samples(ended.out)["fusion_live", ()] == 0


def test_words_of_labels_are_escaped():
    metric = Metric("m", "a phrase")
    metric.add(1.5, stage='fit "a\\b"\nx')
    [family] = text_string_to_metric_families(exposition([metric], {}))
    assert family.samples[0].labels == {"stage": 'fit "a\\b"\nx'}


def test_the_file_is_whole_or_stays_as_it_was(shop, tmp_path, monkeypatch):
    file = tmp_path / "fusion.prom"
    assert call(shop, "metrics", "--out", str(file)).code == 0
    before = file.read_text()
    assert samples(before)["fusion_live", ()] == 1
    assert [one.name for one in tmp_path.iterdir()] == ["fusion.prom"]

    def away(session):
        raise Unavailable("the database is away")

    monkeypatch.setattr("flows.steps.metrics.textfile.metrics_text", away)
    assert call(shop, "metrics", "--out", str(file)).code == 75
    assert file.read_text() == before


def test_what_holds_something_else_stays(shop, tmp_path):
    """A slip of the hand named the data, or a device: found by fuzzed commands."""
    file = shop / "ratings.csv"
    before = file.read_bytes()
    refused = call(shop, "metrics", "--out", str(file))
    assert refused.code == 2
    assert "holds no metrics of fusion; name another file with --out" in refused.message
    assert file.read_bytes() == before

    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for odd in ("/proc/self/mem", str(pipe), "no folder/fusion.prom", "."):
        refused = call(shop, "metrics", "--out", odd)
        assert refused.code == 2
        assert "with --out" in refused.message
    assert pipe.is_fifo()


def fetch(port: int, path: str = "/metrics") -> tuple[int, str]:
    try:
        with urlopen(f"http://{LOOPBACK}:{port}{path}") as answer:
            return answer.status, answer.read().decode()
    except HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()


@pytest.fixture
def served():
    """Serve what a function measures; gives the port."""
    servers = []

    def _serve(measure) -> int:
        server = open_server(measure, 0, LOOPBACK)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        servers.append((server, thread))
        return server.server_port

    yield _serve
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_scrape_is_answered_and_one_that_fails_shows_nothing(served):
    def broken() -> str:
        raise ValueError("hunter2secret")

    assert fetch(served(lambda: "m 1\n")) == (200, "m 1\n")
    port = served(broken)
    assert fetch(port) == (503, "no metrics now; the log says why\n")
    assert fetch(port, "/other")[0] == 404


def test_a_port_that_is_taken_is_refused(served, bare):
    port = served(lambda: "")
    with pytest.raises(ConfigError, match="--metrics-port"), serving_metrics(bare, port):
        raise AssertionError("nothing is served")


def test_a_schedule_serves_its_placement(shop, served):
    port = served(lambda: "")
    with serving_metrics(shop / "fusion.toml", port + 1):
        assert samples(fetch(port + 1)[1])["fusion_live", ()] == 1
