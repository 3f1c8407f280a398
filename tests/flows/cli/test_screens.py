"""Screens of people: names of theirs with brackets are text, never markup."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console

from flows.cli.advice import CALLED_WITH, with_config
from flows.cli.console import fail
from flows.cli.screens.checks.findings import print_findings
from flows.cli.screens.json_summary import move_summary
from flows.cli.screens.lists import print_user_list
from flows.cli.screens.reasons import print_reasons
from flows.cli.screens.runs import print_runs
from flows.cli.screens.slots import print_challenger, print_live
from flows.cli.screens.verdict import print_verdict
from fusion.core.findings import Finding
from storage.schema.row_objects import LiveRun, Move, RunRow
from tests.flows.calling import call

NAMES = ["[abc]", "[/x]", "[red]shoes[/red]", "[link=http://a.b]c"]
NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def console():
    return Console(file=StringIO(), width=400)


def run_by(method: str) -> RunRow:
    columns = dict.fromkeys(RunRow.__dataclass_fields__)
    return RunRow(
        **columns
        | {"run_no": 1, "run_id": "a", "status": "ready", "method": method, "created_at": NOW}
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_list_shows_ids_titles_and_reasons_as_they_are(console, name):
    row = {
        "rank": 1,
        "item_id": f"id {name}",
        "title": f"title {name}",
        "reason": f"why {name}",
        "source": "ease",
    }
    more = {"source_rank": 2, "run_id": "a", "route": "warm", "as_of": NOW}
    print_user_list(console, name, pl.DataFrame([row | more]))
    shown_text = console.file.getvalue()
    for words in (f"User {name}", f"id {name}", f"title {name}", f"why {name} (ease 2)"):
        assert words in shown_text


@pytest.mark.parametrize("name", NAMES)
def test_slots_and_runs_show_who_why_and_by_which_method(console, name):
    shown = LiveRun(run_by(f"method {name}"), NOW, f"by {name}", f"reason {name}", None)
    print_live(console, f"place {name}", shown)
    print_challenger(console, shown)
    print_runs(console, [shown.run], None)
    print_live(console, f"none {name}", None)
    shown_text = console.file.getvalue()
    assert (
        shown_text.count(f"lists by method {name}.")
        == shown_text.count(f"by by {name}: reason {name}")
        == 2
    )
    assert shown_text.count(f"method {name}") == 3
    assert f"place {name}" in shown_text
    assert f"none {name}" in shown_text


def test_runs_stand_in_one_line_each_at_80_columns():
    narrow = Console(file=StringIO(), width=80)
    verdict = {"reported": {"value": 0.25}}
    run_id = "20261129-115309-0c7cff"
    row = replace(run_by("sequence_ridge"), run_id=run_id, as_of=NOW, verdict=verdict)
    print_runs(narrow, [replace(row, status="rejected"), row], live_run_no=None)
    of_runs = [line for line in narrow.file.getvalue().splitlines() if run_id in line]
    words = [run_id, "ready", "sequence_ridge", "2026-11-01", "0.2500"]
    assert [line.split() for line in of_runs] == [[run_id, "rejected", *words[2:]], words]
    wide = Console(file=StringIO(), width=120)
    print_runs(wide, [row], live_run_no=None)
    assert wide.file.getvalue().count("2026-11-01 00:00") == 2


def test_priors_are_told_by_what_the_ranker_learned_of_them(shop):
    [manifest] = [
        json.loads(file.read_text()) for file in sorted(shop.glob("runs/2*/manifest.json"))
    ][-1:]
    assert manifest["priors"] == []
    console = Console(file=StringIO(), width=200)
    print_verdict(console, manifest)
    bare = console.file.getvalue()
    assert "prior" not in bare
    names = {"up": (0.2, 0.125), "down": (-0.2, 0.05), "idle": (0.0, 0.0), "empty": (None, 0.0)}
    manifest["priors"] = [
        {"name": name, "candidates": 0.1, "effect": effect, "importance": share}
        for name, (effect, share) in names.items()
    ]
    console = Console(file=StringIO(), width=200)
    print_verdict(console, manifest)
    shown = console.file.getvalue()
    assert "By the prior up items gain; it makes 12.5% of what the ranker learned." in shown
    assert "By the prior down items lose; it makes 5.0% of what the ranker learned." in shown
    assert "The ranker does not use the prior idle." in shown
    assert "The ranker does not use the prior empty." in shown


def test_hidden_items_have_a_table_with_silent_sources_left_out(shop):
    [manifest] = [
        json.loads(file.read_text()) for file in sorted(shop.glob("runs/2*/manifest.json"))
    ][-1:]
    figures = {"content": (0.2, 0.01), "ranker": (0.25, 0.03), "als": (0.0, 0.0)}
    alone = {
        name: {"ndcg@10": {"value": one, "low": one - 0.1, "high": one + 0.1}}
        for name, (one, _) in figures.items()
    }
    among = {name: {"ndcg@10": {"value": other}} for name, (_, other) in figures.items()}
    manifest["verdict"]["cold_items"] = {
        "items": 1200,
        "by": "hash",
        "hidden": {"users": 90, "rows": alone},
        "catalogue": {"users": 90, "rows": among},
        "not_asked": ["als"],
    }
    manifest["seconds"] = {"hidden items": 12.0, "lists": 88.0}
    console = Console(file=StringIO(), width=80)
    print_verdict(console, manifest)
    shown = console.file.getvalue()
    assert "1,200 items hidden from fits, NDCG@10 of 90 users" in " ".join(shown.split())
    table = shown[shown.index("1,200 items") :]
    rows = [line.split() for line in table.splitlines() if " – " in line]
    assert rows[:2] == [
        ["ranker", "0.2500", "0.1500", "–", "0.3500", "0.0300"],
        ["content", "0.2000", "0.1000", "–", "0.3000", "0.0100"],
    ]
    [of_als] = [line for line in table.splitlines() if line.split()[:1] == ["als"]][:1]
    assert "not asked: a further fit is too dear" in of_als
    assert "Judging them took 12% of all steps." in table


def test_a_run_says_what_its_lists_are_expected_to_be_worth(console, shop):
    [*_, file] = sorted((shop / "runs").glob("[!.]*/manifest.json"))
    manifest = json.loads(file.read_text())
    figure = {"value": 0.25, "low": 0.125, "high": 0.5}
    bare = {"value": 0.0625, "low": None, "high": None}
    everybody = {"users": 1234.4, "figures": {"ndcg": figure, "precision": bare, "dcg": bare}}
    manifest["estimate"] = {"days": 7, "segments": {"all": everybody}}
    print_verdict(console, manifest)
    shown = console.file.getvalue()
    assert (
        "Estimated of the lists, for 1,234 users who come back within 7 days: NDCG@10 0.2500 "
        "[0.1250, 0.5000], precision@10 0.0625, DCG@10 0.0625."
    ) in shown
    older = Console(file=StringIO(), width=400)
    print_verdict(older, {key: part for key, part in manifest.items() if key != "estimate"})
    assert "Estimated" not in older.file.getvalue()


def test_a_verdict_has_a_line_for_each_row_at_80_columns(shop):
    [*_, file] = sorted((shop / "runs").glob("[!.]*/manifest.json"))
    manifest = json.loads(file.read_text())
    report = manifest["verdict"]
    # the longest name of a source of ours
    for figures in (report["rows"], report["lists"], report["found"]["sources"]):
        figures["neighbour_trend"] = figures.pop("popularity")
    shown = {}
    for width in (80, 120):
        console = Console(file=StringIO(), width=width)
        print_verdict(console, manifest)
        shown[width] = console.file.getvalue()
        assert "…" not in shown[width]
        lines = [" ".join(line.split()) for line in shown[width].splitlines()]
        for name, figures in report["rows"].items():
            ndcg = figures["ndcg@10"]
            cells = f"{name} {ndcg['value']:.4f} {ndcg['low']:.4f} – {ndcg['high']:.4f} "
            assert any(cells in line for line in lines)
    assert ("hit@10" in shown[120], "hit@10" in shown[80]) == (True, False)
    below_the_table = shown[80].split("is chosen: ")[1].splitlines()
    assert "  users who did not choose it" in "\n".join(below_the_table)
    assert all(line.startswith("  ") for line in below_the_table[1:])


def test_a_long_reason_wraps_under_its_own_column():
    narrow = Console(file=StringIO(), width=40)
    row = {
        "rank": 1, "item_id": "[i]", "title": "Film", "source": "ease", "source_rank": 2,
        "reason": "it goes [together] with what they took in the last days", "gain": 0.5,
        "run_id": "a", "route": "warm", "as_of": NOW,
    }  # fmt: skip
    print_reasons(narrow, "u1", pl.DataFrame([row]), pl.DataFrame([row]), "")
    lines = narrow.file.getvalue().split("\n  1  [i] Film\n")[1].splitlines()
    assert [line[:13] for line in lines] == ["     because ", *[" " * 13] * (len(lines) - 1)]
    words = " ".join(line[13:].strip() for line in lines)
    assert words == f"{row['reason']} (ease ranks it 2, +0.50)"


def test_a_run_on_data_without_times_is_said_to_have_none(console):
    shown = LiveRun(run_by("ease"), NOW, "ann", "first", None)
    print_live(console, "default", shown)
    assert "data without times, trained 2026-11-01 00:00 UTC" in console.file.getvalue()


@pytest.mark.parametrize("name", NAMES)
def test_a_finding_shows_what_it_is_about(console, name):
    print_findings(console, [Finding("odd", "warning", f"column {name}", 1, "message", (), "cure")])
    assert f"(column {name}, 1)" in console.file.getvalue()


def test_a_move_for_machines_has_the_keys_of_the_docs():
    move = Move(1, "default", "live", "publish", None, None, 2, "b", NOW, "ann", "why", is_new=True)
    assert list(move_summary(move)) == [
        "id",
        "placement",
        "name",
        "action",
        "from_run_no",
        "from_run_id",
        "to_run_no",
        "to_run_id",
        "at",
        "by",
        "reason",
        "made",
    ]
    assert move_summary(move)["made"] is True


@pytest.mark.parametrize(
    ("named", "shown"),
    [
        ("fusion.toml", "`fusion check`, then `fusion run`"),
        ("my shop/a[b].toml", "`fusion check --config {0}`, then `fusion run --config {0}`"),
    ],
)
def test_advice_names_the_configuration_that_the_verb_was_given(tmp_path, capsys, named, shown):
    (tmp_path / "my shop").mkdir()
    (tmp_path / "log.csv").write_text("user,item\n" + "1,2\n2,3\n" * 20)
    written = call(tmp_path, "init", "log.csv", "--config", named)
    assert f"Next: {shown.format(repr(named))}." in " ".join(written.out.split())
    assert written.code == 0
    # A failure is reported after the verb has ended, as text and for machines.
    failure = call(tmp_path, "show", "1", "--config", named).failure
    command = shown.format(repr(named)).partition("then ")[2]
    fail(failure, as_json=False)
    fail(failure, as_json=True)
    said = capsys.readouterr()
    assert command in said.err
    assert command in json.loads(said.out)["error"]
    CALLED_WITH.set(None)


def test_a_command_that_names_a_configuration_keeps_it():
    CALLED_WITH.set(Path("mine.toml"))
    sentence = (
        "`fusion init FILE --config new.toml` or `fusion run`, after `fusion demo` and `date`"
    )
    expected = sentence.replace("`fusion run`", "`fusion run --config mine.toml`")
    assert with_config(sentence) == expected
    CALLED_WITH.set(None)
    assert with_config(sentence) == sentence
