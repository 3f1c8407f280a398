"""What `--help` and `--version` say."""

import re
from importlib.metadata import version

import pytest
import typer

from flows.cli.app import VERBS, app
from tests.flows.calling import call_main

HELPED = typer.main.get_command(app).commands
BRACKETS = re.compile(r"\[[a-z_.]+\]")


@pytest.mark.parametrize("name", [name for names in VERBS.values() for name in names])
def test_help_of_a_verb_shows_every_bracket_of_its_words(name, tmp_path):
    shown = call_main(tmp_path, name, "--help", COLUMNS="200").out
    assert f"Usage: fusion {name} " in shown
    command = HELPED[name]
    words = [command.callback.__doc__, *(param.help or "" for param in command.params)]
    written = {bracket for text in words for bracket in BRACKETS.findall(text)}
    assert [bracket for bracket in written if bracket not in shown] == []


def test_a_section_of_the_configuration_is_named_in_help(tmp_path):
    assert "a TOML file with a [retrain] section" in call_main(tmp_path, "replay", "--help").out


def test_help_stands_in_groups(tmp_path):
    shown = call_main(tmp_path, "--help").out
    places = [shown.index(f"─ {group} ─") for group in VERBS]
    assert places == sorted(places)


@pytest.mark.parametrize("words", [("--version",), ("--version", "run")])
def test_the_version_is_the_one_installed(words, tmp_path):
    ended = call_main(tmp_path, *words)
    assert (ended.code, ended.out) == (0, f"fusion {version('fusion-recommender')}\n")
