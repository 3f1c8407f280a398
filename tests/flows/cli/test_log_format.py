"""Logs as JSON: an object a line, with the costs of stages, and nothing else on stderr."""

import json
import logging
from pathlib import Path

import polars as pl
import pytest

from flows.cli.terminal_text import JsonFormatter
from flows.row_counts import rows_of
from flows.step_timer import StepTimer
from fusion.core.progress import run_plain
from tests.flows.calling import call_main

NEW = '[data]\ninteractions = "none.csv"\n'


def lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_each_stage_of_a_run_is_a_line_with_rows_seconds_and_memory(own_shop):
    ended = call_main(own_shop, "--log-format", "json", "watch")
    assert ended.code in (0, 4), ended.err
    logged = lines(ended.err)
    assert all(one["at"].endswith("+00:00") and one["level"] for one in logged)
    stages = {one["stage"]: one for one in logged if "stage" in one}
    assert {"read", "watch"} <= set(stages)
    for stage in stages.values():
        assert stage["peak_mb"] > 50
        assert {"seconds", "cpu_seconds", "raised_mb", "rows"} <= set(stage)


@pytest.mark.parametrize("how", ["option", "variable", "configuration"])
def test_a_failure_is_one_line_with_its_code(tmp_path, how):
    more = '[log]\nformat = "json"\n' if how == "configuration" else ""
    (tmp_path / "fusion.toml").write_text(NEW + more)
    words = ["--log-format", "json"] if how == "option" else []
    variables = {"FUSION_LOG__FORMAT": "json"} if how == "variable" else {}
    ended = call_main(tmp_path, *words, "show", "u1", **variables)
    assert ended.code == 2
    (line,) = lines(ended.err)
    assert (line["level"], line["exit_code"]) == ("ERROR", 2)
    assert "`fusion run` makes it" in line["message"]


def test_the_option_wins_over_the_configuration(tmp_path):
    (tmp_path / "fusion.toml").write_text(NEW + '[log]\nformat = "json"\n')
    ended = call_main(tmp_path, "--log-format", "text", "show", "u1")
    assert ended.err.startswith("error database")


def test_a_line_holds_no_secret_and_steers_nothing():
    record = logging.LogRecord(
        "flows", logging.INFO, "f", 1, "postgresql://ann:hunter2@db/x \x1b[2J\n\u202e", (), None
    )
    record.fields = {"stage": "token=hunter2"}
    line = JsonFormatter().format(record)
    assert "hunter2" not in line
    assert not {"\x1b", "\n", "\u202e"} & set(line)
    assert json.loads(line)["message"].endswith("\x1b[2J\n\u202e")


def test_rows_are_counted_of_frames_sums_and_folders(tmp_path: Path):
    frame = pl.DataFrame({"a": [1, 2, 3]})
    frame.write_parquet(tmp_path / "table.parquet")
    frame.head(1).write_parquet(tmp_path / "few.parquet")
    sums = {"recommendation": {"rows": 5}, "fallback": {"rows": 2}}
    assert [rows_of(one) for one in (frame, sums, tmp_path)] == [3, 7, 3]
    (tmp_path / "bad.parquet").write_bytes(b"no table")
    assert [rows_of(one) for one in (tmp_path, tmp_path / "none", {}, 7, None)] == [None] * 5


def test_a_step_that_fails_is_logged_without_rows(caplog):
    caplog.set_level(logging.INFO, "flows.step_timer")

    def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        StepTimer(run_plain)("fit", fail)
    (record,) = caplog.records
    assert (record.fields["stage"], record.fields["rows"]) == ("fit", None)
