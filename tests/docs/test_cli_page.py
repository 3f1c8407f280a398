"""docs/cli.md names every verb, option and exit code of the command line."""

import re

import pytest
from typer.main import get_command

from flows.cli import main as cli
from fusion import errors
from tests.docs.pages import read

PAGE = read("docs/cli.md")
VERBS = get_command(cli.app).commands


def section(verb: str) -> str:
    assert f"### `fusion {verb}`\n" in PAGE
    return PAGE.split(f"### `fusion {verb}`\n")[1].split("\n#")[0]


def test_the_same_verbs():
    assert set(re.findall(r"^### `fusion (\w+)`$", PAGE, re.MULTILINE)) == set(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_with_its_options(verb):
    text = section(verb)
    options = {
        name for given in VERBS[verb].params for name in given.opts if name.startswith("--")
    } - {"--help"}
    assert {option for option in options if f"`{option}" not in text} == set()
    assert set(re.findall(r"`(--[\w-]+)", text)) <= options


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_helps(verb):
    assert VERBS[verb].help


@pytest.mark.parametrize("verb", VERBS)
def test_the_readme_lists_every_verb(verb):
    table = read("README.md").split("| verb | does |")[1].split("\n\n")[0]
    assert re.search(rf"`(fusion )?{verb}\b", table)


def test_every_exit_code():
    kinds = {
        kind.exit_code
        for kind in vars(errors).values()
        if isinstance(kind, type) and hasattr(kind, "exit_code")
    }
    told = {int(code) for code in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)}
    assert kinds | {0, 4, 130} == told
