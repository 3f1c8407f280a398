"""Arguments, variables and settings that no program expects end with 2 and one sentence."""

import os
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from flows.visible_text import STEERING
from tests.flows.calling import call_main
from tests.flows.world import CONFIG, fusion, make_shop

HALF = "\udc80"
"""How Python hands over a byte that is no UTF-8."""
NUL = r"a\u0000b"
NOT_UTF_8, HAS_NUL, TOO_LARGE = "is not UTF-8", "holds the character NUL", "is too large"
MOST_DAYS = "less than or equal to 36500"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A shop that no command here comes to read."""
    place = tmp_path_factory.mktemp("hostile")
    make_shop(place, users=3)
    return place


def assert_one_sentence(ended, words: str) -> None:
    assert ended.code == 2, ended.err
    assert "Traceback" not in ended.err
    assert "unexpected" not in ended.err
    assert words in " ".join(ended.err.split())
    assert ended.out == ""


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("show", HALF), NOT_UTF_8),
        (("publish", HALF), NOT_UTF_8),
        (("diff", "live", HALF), NOT_UTF_8),
        (("monitor", HALF), NOT_UTF_8),
        (("rollback", "--by", HALF), NOT_UTF_8),
        (("reject", "--why", HALF), NOT_UTF_8),
        (("init", HALF, "--config", "new.toml"), NOT_UTF_8),
        (("show", "a\0b"), HAS_NUL),
        (("init", "a\0b", "--config", "new.toml"), HAS_NUL),
        (("status", "--config", "a\0b"), "null byte"),
        (("status", "--config", HALF), "no configuration at"),
        (("status", "--config", "/proc/self/mem"), "cannot read /proc/self/mem"),
        (("status", "--config", "/dev/zero"), "/dev/zero is a pipe, socket or device"),
        (("rollback", "--freeze", "9" * 30 + "d"), "is no length of time"),
        (("rollback", "--freeze", "9" * 6000 + "d"), "is no length of time"),
        (("rollback", "--freeze", "²d"), "is no length of time"),
        (("runs", "--limit", "9" * 30), "--limit"),
    ],
)
def test_arguments(folder, words, told):
    assert_one_sentence(call_main(folder, *words), told)


@pytest.mark.parametrize("character", ["\u2028", "\x1b", "\u202e"])
def test_what_steers_a_terminal_is_shown_as_an_escape_in_errors_of_usage(folder, character):
    ended = call_main(folder, "approve", "live", f"a{character}b")
    assert ended.code == 2, ended
    assert f"extra argument(s) (a{repr(character)[1:-1]}b)" in ended.err
    assert STEERING.isdisjoint(map(ord, ended.err.replace("\n", "")))


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("FUSION_STORAGE__URL", f"sqlite:///x{HALF}", NOT_UTF_8),
        ("FUSION_LISTS__PLACEMENT", HALF, NOT_UTF_8),
        (f"FUSION_RANKR__X{HALF}", "1", NOT_UTF_8),
        ("FUSION_DATA__COLUMNS", "[" * 100_000, "too deeply"),
        ("FUSION_SEED", "9" * 5000, "seed"),
    ],
)
def test_variables(folder, name, value, told):
    assert_one_sentence(call_main(folder, "status", **{name: value}), told)


def test_a_parameter_of_sqlite_that_it_cannot_take(folder):
    """On a database that is there: one that is not is never opened by a verb that looks."""
    (folder / "x").touch()
    url = {"FUSION_STORAGE__URL": "sqlite:///x?timeout=abc"}
    assert_one_sentence(call_main(folder, "status", **url), "'abc'. Parameters of SQLite: ")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("threads = 1", "threads = 1\nmemory = 1e308", TOO_LARGE),
        ("trees = 30", f"trees = {10**400}", TOO_LARGE),
        ("threads = 1", f"threads = {'9' * 5000}", "an integer of thousands of digits"),
        ("threads = 1", "threads = 1\nx = " + "[" * 5000 + "]" * 5000, "too deeply"),
        ("window = 10", f"window = {10**18}", MOST_DAYS),
        ("trees = 30", f"trees = {10**18}", TOO_LARGE),
        ("[gate]\nusers = 20", f"[gate]\nusers = {10**18}", TOO_LARGE),
        ("[gate]", "[retrain]\ncooldown = 1e300\n[gate]", "less than or equal to 876000"),
        ("[gate]", "[retrain]\nmax_age = 1e300\n[gate]", MOST_DAYS),
        ("[gate]", "[retention]\ndays = 1e300\n[gate]", MOST_DAYS),
        ("[lists]", f'[lists]\nrules = "{NUL}"', HAS_NUL),
        ("[gate]", f'[artifacts]\npath = "{NUL}"\n[gate]', HAS_NUL),
        ("[gate]", f'[storage]\nurl = "sqlite:///{NUL}"\n[gate]', HAS_NUL),
        ('"ratings.csv"', f'{{ url = "sqlite:///{NUL}", query = "select 1" }}', HAS_NUL),
    ],
)
def test_settings(folder, old, new, told):
    assert old in CONFIG
    (folder / "other.toml").write_text(CONFIG.replace(old, new, 1))
    assert_one_sentence(call_main(folder, "run", "--config", "other.toml"), told)


def test_a_value_as_long_as_a_file_is_shown_in_part(folder):
    name = "9" * 5000
    (folder / "other.toml").write_text(f"{name} = 1\n{CONFIG}")
    ended = call_main(folder, "status", "--config", "other.toml")
    assert_one_sentence(ended, f" {'9' * 100}...{'9' * 99}: unknown key")
    assert len(ended.err) < 1000


def test_a_configuration_that_is_no_small_file_is_not_read(folder):
    with (folder / "large.toml").open("wb") as file:
        file.truncate(2**34)
    os.mkfifo(folder / "pipe.toml")
    for name, told in (("large.toml", "larger than 16 MB"), ("pipe.toml", "is a pipe")):
        assert_one_sentence(call_main(folder, "status", "--config", name), told)


@pytest.fixture
def answering():
    """The address of something that answers, and is no Prefect server."""
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/api"
        server.shutdown()


def test_settings_that_prefect_refuses_are_named(folder, answering):
    api = {"PREFECT_API_URL": answering}
    # In a process of its own: Prefect reads its settings once.
    refused = fusion(folder, "publish", "x", PREFECT_API_REQUEST_TIMEOUT="abc", **api)
    assert refused.code == 2
    assert "Traceback" not in refused.err
    assert "Prefect cannot take its settings: request_timeout: Input should be" in refused.err
    without = fusion(folder, "publish", "x", PREFECT_API_REQUEST_TIMEOUT="abc")
    assert "Prefect" not in without.err
