"""Chinese pages say what the English ones say: their figures, their commands, their settings."""

import re

import pytest

from tests.docs.blocks import contents
from tests.docs.pages import ROOT, prose, read

PAIRS = {
    "README.zh-CN.md": ["README.md"],
    "docs/zh/ten-minutes.md": ["examples/ten_minutes.ipynb"],
    "docs/zh/dashboards.md": ["docs/dashboards.md"],
}
FIGURE = re.compile(r"(?<![\w#.])[.\d][\d,.]*\d(?![\w.])")
"""Numbers of two digits and more; those below ten are words in English."""
SPAN = re.compile(r"`([^`\n]+)`")


@pytest.mark.parametrize(("page", "others"), PAIRS.items())
def test_figures_are_those_of_the_english_page(page, others):
    english = " ".join(read(other) for other in others)
    text = re.sub(r"\]\([^)]*\)", "]", prose(read(page)))
    assert [one for one in FIGURE.findall(text) if one not in english] == []


@pytest.mark.parametrize(("page", "others"), PAIRS.items())
def test_names_are_those_of_the_english_page(page, others):
    english = " ".join(read(other) for other in others)
    assert [
        one for one in SPAN.findall(read(page)) if one.removeprefix("fusion ") not in english
    ] == []


@pytest.mark.parametrize("language", ["sh", "sql"])
def test_the_blocks_of_the_readme_are_those_of_the_english_one(language):
    assert set(contents("README.zh-CN.md", language)) <= set(contents("README.md", language))


def test_every_chinese_page_has_its_english_one():
    pages = {page.relative_to(ROOT).as_posix() for page in ROOT.glob("docs/zh/*.md")}
    assert pages | {"README.zh-CN.md"} == set(PAIRS)
