"""The configuration's reference and example are what the models say, and the example works."""

import re

import pytest

from flows.config_docs.example_file import EXAMPLES, example
from flows.config_docs.reference_page import reference
from flows.config_docs.sections import sections
from flows.settings import Config, read_config
from fusion.models.base.registry import build
from tests.docs.pages import ROOT, read

CURE = "run `python -m flows.config_docs`"


def test_the_reference_is_in_step():
    assert read("docs/configuration.md") == reference(), CURE


def test_the_example_is_in_step():
    assert read("config/fusion.toml") == example(), CURE


def test_the_example_holds_the_defaults():
    assert read_config(ROOT / "config" / "fusion.toml") == Config(
        data={"interactions": EXAMPLES["data.interactions"]}
    )


def test_what_is_commented_out_can_be_used(tmp_path):
    """Take every comment sign off that stands before a key or a table."""
    file = tmp_path / "fusion.toml"
    file.write_text(
        re.sub(r"^# (?=\w+ = |\[\[)", "", read("config/fusion.toml"), flags=re.MULTILINE)
    )
    config = read_config(file)
    assert config.split.window == 28
    assert config.data.events == EXAMPLES["data.events"]
    assert config.data.columns.time == "timestamp"
    assert [source.name for source in config.sources] == ["als"]
    build(config.sources[0].use, config.sources[0].settings)


@pytest.mark.parametrize("section", list(sections(Config)), ids=lambda section: section.title)
def test_every_key_is_described(section):
    for key in section.keys:
        assert section.model.model_fields[key].description, section.path(key)


@pytest.mark.parametrize(
    "line",
    ["| `window` | integer | none | > 0, ≤ 36,500 |", "| `size` | integer | `20` | ≥ 1, ≤ 1,000 |"],
)
def test_types_defaults_and_bounds_are_told(line):
    assert line in reference()
