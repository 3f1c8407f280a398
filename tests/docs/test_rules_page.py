"""docs/rules.md shows rules that can be kept."""

import tomllib

from fusion.lists.business_rules.rules import RuleSet
from tests.docs.pages import blocks


def test_the_example_is_a_rules_file():
    [(_, content)] = blocks("docs/rules.md", "toml")
    found = RuleSet(**tomllib.loads(content))
    assert all((found.allow, found.pin, found.boost, found.limit, found.diversity))
