"""Bad input of each kind ends with a sentence, its cure and its exit code, never a traceback."""

import json
import os
import shutil
import socket
from pathlib import Path

import pytest

from tests.flows.calling import call_main
from tests.flows.world import fusion, live_lists, query


def assert_refused(ended, code, *words):
    """Assert how a command ended, and that nobody sees a traceback or a result beside the error."""
    assert ended.code == code, ended.err
    assert "Traceback" not in ended.err + ended.out
    assert not ended.out.strip()
    told = " ".join(ended.err.split())
    for word in words:
        assert word in told, told


def changed(folder: Path, tmp_path: Path, *pairs: str) -> Path:
    """A copy of a shop's files with texts of its configuration replaced."""
    for name in ("ratings.csv", "movies.csv", "users.csv", "fusion.toml"):
        shutil.copy(folder / name, tmp_path / name)
    config = tmp_path / "fusion.toml"
    content = config.read_text()
    for old, new in zip(pairs[::2], pairs[1::2], strict=True):
        assert old in content
        content = content.replace(old, new)
    config.write_text(content)
    return tmp_path


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            '"ratings.csv"',
            '"rating.csv"',
            ("rating.csv does not exist", "ratings.csv", "Correct the path in [data]"),
        ),
        ('"timestamp"', '"timestqmp"', ("no column 'timestqmp'", "nearest: 'timestamp'")),
        ('"ratings.csv"', '"empty.csv"', ("empty.csv is empty",)),
        ('name = "ease"', 'name = "eas"', ("unknown recommender 'eas'", "Did you mean 'ease'")),
        ("size = 5", "size = ", ("fusion.toml is not valid TOML", "line")),
        ("size = 5", "size = 0", ("[lists] size", "greater than or equal to 1")),
        ("[lists]", "[list]", ("list: unknown key", "Did you mean 'lists'?")),
        ("threads = 1", 'threads = 1\ndevice = "gpu"', ("device", "auto|cpu|cuda")),
        ("users = 20", "users = 5000", ("[split] kind = 'time'", "lower [split] users")),
        ("[gate]", '[artifacts]\npath = "ratings.csv"\n\n[gate]', ("cannot use", "ratings.csv")),
        (
            "[gate]",
            '[storage]\nurl = "sqlite:////none/at/all.db"\n\n[gate]',
            ("folder must exist", "[storage] url"),
        ),
        (
            "[gate]",
            '[storage]\nurl = "sqlite:///ratings.csv"\n\n[gate]',
            ("not an SQLite database",),
        ),
        (
            "[gate]",
            '[storage]\nurl = "mysql://bob:hunter2@h/d"\n\n[gate]',
            ("mysql://bob:***@h/d", "Supported:"),
        ),
    ],
)
def test_run_with_a_wrong_configuration_or_wrong_data(bare, tmp_path, old, new, words):
    folder = changed(bare, tmp_path, old, new)
    (folder / "empty.csv").touch()
    assert_refused(call_main(folder, "run"), 2, *words)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("run", "--config", "missing.toml"), ("no configuration at missing.toml", "fusion init")),
        (("run", "--config", "."), ("cannot read .: Is a directory",)),
        (("run", "--as-of", "last week"), ("--as-of 'last week' is no time", "2026-01-31")),
        (("run", "--as-of", "1999-01-01"), ("none can be used", "choose a later --as-of")),
        (("run", "--asof", "2020-12-25"), ("No such option: --asof",)),
        (("rnu",), ("No such command 'rnu'",)),
        (("show",), ("takes a user's id, or --items, or --text",)),
        (("rollback", "--freeze", "soon"), ("--freeze 'soon' is no length of time", "24h")),
        (("ui", "--port", "99999"), ("--port",)),
        (("init", "nothing.csv", "--config", "new.toml"), ("nothing.csv does not exist",)),
        (("init", "ratings.csv"), ("fusion.toml exists", "--force")),
        (
            ("init", "ratings.csv", "--config", "ratings.csv/new.toml"),
            ("cannot use", "ratings.csv"),
        ),
        (("show", "u1"), ("nothing is live in placement 'default'", "fusion run")),
        (("monitor",), ("no run 'live'", "fusion run")),
        (("publish", "live"), ("no run 'live'",)),
        (("diff", "live", "live"), ("no run 'live'",)),
    ],
)
def test_words_that_mean_nothing(bare, words, told):
    assert_refused(call_main(bare, *words), 2, *told)


def test_nothing_to_go_back_to(bare):
    assert_refused(fusion(bare, "rollback"), 1, "nothing to go back to")


@pytest.mark.parametrize(
    "words", [("publish", "20200101-000000-abcdef"), ("rollback", "--to", "20200101-000000-abcdef")]
)
def test_an_unknown_run_names_those_that_are_there(shop, shop_made, words):
    newest = shop_made[1][1].json["run"]["id"]
    assert_refused(call_main(shop, *words), 2, "unknown run", "20200101-000000-abcdef", newest)


@pytest.mark.parametrize("verb", ["run", "status", "rollback"])
def test_a_database_that_is_away_is_temporary(bare, verb):
    away = "postgresql://bob:hunter2@127.0.0.1:1/shop"
    ended = call_main(bare, verb, FUSION_STORAGE__URL=away)
    assert_refused(ended, 75, "127.0.0.1", "Try again later", "bob:***@")
    assert "hunter2" not in ended.err


def test_a_database_that_is_away_is_a_finding_of_check(bare):
    ended = call_main(
        bare, "check", "--json", FUSION_STORAGE__URL="postgresql://bob:hunter2@127.0.0.1:1/shop"
    )
    assert (ended.code, ended.json["ok"]) == (2, False)
    assert ended.json["findings"][0]["code"] == "no_database"
    assert "hunter2" not in ended.out + ended.err


def test_errors_are_json_where_asked(bare):
    for words, part in (
        (("show", "u1", "--json"), "nothing is live"),
        (("runs", "--limit", "0", "--json"), "--limit"),
    ):
        ended = call_main(bare, *words)
        assert (ended.code, ended.json["exit_code"]) == (2, 2)
        assert part in ended.json["error"]


def test_a_port_that_is_taken(shop):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ended = fusion(shop, "ui", "--port", str(taken.getsockname()[1]))
    assert_refused(ended, 2, "cannot listen on 127.0.0.1", "--port")


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_ends_before_training(bare, tmp_path):
    folder = changed(bare, tmp_path)
    (folder / "runs").mkdir(mode=0o500)
    assert_refused(call_main(folder, "run"), 2, "runs cannot be written", "[artifacts]")


def test_a_run_folder_that_is_gone_stops_monitoring_only(own_shop):
    before = live_lists(f"sqlite:///{own_shop}/fusion.db")
    shutil.rmtree(own_shop / "runs")
    assert_refused(call_main(own_shop, "monitor"), 2, "has no folder", "samples are needed")
    for words in (("status",), ("show", "u1"), ("diff", "live", "live"), ("runs",)):
        assert call_main(own_shop, *words).code == 0, words
    ended = call_main(own_shop, "run", "--json")
    assert ended.code in (0, 4), ended.err
    assert live_lists(f"sqlite:///{own_shop}/fusion.db") == before


def test_lists_longer_than_the_catalogue_hold_what_is_left(bare, tmp_path):
    folder = changed(bare, tmp_path, "size = 5", "size = 1000", "reserve = 3", "reserve = 1000")
    ended = call_main(folder, "run", "--json")
    assert ended.code in (0, 4), ended.err
    counts = query(
        f"sqlite:///{folder}/fusion.db",
        "select user_id, count(*) from current_recommendations group by 1",
    )
    seen = {}
    for line in (folder / "ratings.csv").read_text().splitlines()[1:]:
        user, item, *_ = line.split(",")
        seen.setdefault(user, set()).add(item)
    items = set.union(*seen.values())
    assert dict(counts) == {user: len(items - met) for user, met in seen.items()}


def test_findings_of_check_carry_examples_and_the_cure(bare, tmp_path):
    folder = changed(bare, tmp_path)
    with (folder / "ratings.csv").open("a") as file:
        file.write("u1,i1,not a time,5\n")
    ended = call_main(folder, "check")
    assert ended.code in (0, 2)
    assert "not a time" in ended.out
    strict = call_main(folder, "check", "--strict", "--json")
    assert strict.code == 2
    assert all(one["cure"] and one["count"] for one in json.loads(strict.out)["findings"])
