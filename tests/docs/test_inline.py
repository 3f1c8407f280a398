"""Commands, scripts and settings that the pages name in a sentence or a block are there."""

import argparse
import re
import shlex
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from typer.exceptions import TyperException
from typer.main import get_command

from flows.cli.main import app
from flows.config_docs.sections import sections
from flows.settings import Config
from fusion import known
from fusion.lists.business_rules.rules import RuleSet
from tests.docs.blocks import PAGES_WITH_BLOCKS
from tests.docs.inline import shell_lines, spans
from tests.docs.pages import name

VERBS = get_command(app).commands
NOT_SETTINGS = {"lists.parquet", "data.rows", "[rules]"}
"""A file, a key of the manifest, and a section that decision 8 decided against."""
SETTING = re.compile(r"\[{1,2}(?P<section>[a-z_.]+)\]{1,2}(?: (?P<key>\w+))?(?: = .*)?")
DOTTED = re.compile(r"(?P<section>[a-z_]+)\.(?P<key>[a-z_]+)")
UNFINISHED = {"MissingParameter", "BadOptionUsage"}
"""Errors of a command line that names a verb or an option without its value, as sentences do."""


def keys_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the keys of a section as people write them."""
    return {field.alias or key: field for key, field in model.model_fields.items()}


SECTIONS = {
    section.name: keys_of(section.model)
    for model in (Config, RuleSet)
    for section in sections(model)
}
FIELDS = [
    *(keys_of(section.model) for model in (Config, RuleSet) for section in sections(model)),
    *(keys_of(source.Config) for source in known().values()),
]


def wrong_command(words: list[str]) -> str | None:
    """Return what is wrong with a command line of `fusion`, which is parsed and not run."""
    if words[0] == "--lang":
        # The one option that stands before the verb, with its value.
        words = words[2:]
    verb, *rest = words
    if verb == "VERB":
        return None
    if verb not in VERBS:
        return f"no verb {verb}"
    try:
        VERBS[verb].make_context(verb, [word.strip("[]") for word in rest])
    except TyperException as wrong:
        return f"{type(wrong).__name__}: {wrong}"
    return None


@pytest.mark.parametrize("page", PAGES_WITH_BLOCKS, ids=name)
def test_commands_can_be_parsed(page: Path) -> None:
    for line in shell_lines(page):
        if line.startswith("fusion "):
            words = shlex.split(re.split(r" (?:>>|\|) ", line)[0])
            assert wrong_command(words[1:]) is None, line


@pytest.mark.parametrize("page", PAGES_WITH_BLOCKS, ids=name)
def test_commands_in_sentences_can_be_parsed(page: Path) -> None:
    for span in spans(page):
        if re.match(r"fusion [a-zV]", span):
            wrong = wrong_command(shlex.split(span)[1:])
            assert wrong is None or wrong.partition(":")[0] in UNFINISHED, f"{span}: {wrong}"


class Parsed(Exception):
    """A script has read its command line."""


@pytest.fixture
def read_and_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every script end where it has read its command line."""
    read_line = argparse.ArgumentParser.parse_args

    def _read_and_stop(parser: argparse.ArgumentParser) -> None:
        read_line(parser)
        raise Parsed

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", _read_and_stop)


@pytest.mark.parametrize("page", PAGES_WITH_BLOCKS, ids=name)
def test_scripts_take_their_options(page: Path, read_and_stop: None, monkeypatch) -> None:
    for line in [*spans(page), *shell_lines(page)]:
        script = re.match(r"python -m (benchmarks\.[a-z].*)", line)
        if script:
            module, *words = shlex.split(script[1].replace(" ...", ""))
            monkeypatch.setattr(sys, "argv", [module, *words])
            with pytest.raises(Parsed):
                import_module(module).main()


def wrong_setting(span: str) -> str | None:
    """Return what is wrong with a span that names a section or one of its keys."""
    setting = SETTING.fullmatch(span) or DOTTED.fullmatch(span)
    if setting is None or span in NOT_SETTINGS:
        return None
    section, key = setting.group("section", "key")
    holder, _, table = section.rpartition(".")
    is_table = table in SECTIONS.get(holder, {})  # such as data.events, whose keys are free
    if section not in SECTIONS:
        return None if is_table or "[" not in span else f"no section {section}"
    is_package = section in ("storage", "flows") and "[" not in span
    is_known = key is None or key in SECTIONS[section] or is_package
    return None if is_known else f"{section} has {', '.join(SECTIONS[section])}"


@pytest.mark.parametrize("page", PAGES_WITH_BLOCKS, ids=name)
def test_settings_are_there(page: Path) -> None:
    found = {span: wrong_setting(span) for span in spans(page)}
    assert {span: wrong for span, wrong in found.items() if wrong} == {}


def accepts(field: FieldInfo, value: Any) -> bool:
    try:
        bounded = Annotated[field.annotation, *field.metadata, field.description]
        TypeAdapter(bounded).validate_python(value)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("page", PAGES_WITH_BLOCKS, ids=name)
def test_a_key_with_a_value_is_taken_by_some_section(page: Path) -> None:
    for span in spans(page):
        assigned = re.fullmatch(r"(?:\[[a-z_.]+\] )?([a-z_]+ = .+)", span)
        if assigned is None:
            continue
        try:
            [(key, value)] = tomllib.loads(assigned[1]).items()
        except tomllib.TOMLDecodeError:  # an attribute in Python
            continue
        assert any(accepts(keys[key], value) for keys in FIELDS if key in keys), span


def test_what_is_not_there_is_noticed():
    assert wrong_command(["run", "--holdd"]) is not None
    assert wrong_command(["runn"]) == "no verb runn"
    assert wrong_setting("[gaet]") == "no section gaet"
    assert "churn_limit" in str(wrong_setting("monitor.churn_limt"))
    assert "schema" in str(wrong_setting("[storage] schem"))
    assert not accepts(SECTIONS["lists"]["size"], 0)
