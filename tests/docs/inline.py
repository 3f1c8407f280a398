"""Code spans of the pages, and the lines of their shell blocks."""

import re
from pathlib import Path

from tests.docs.blocks import blocks_of

CODE = re.compile(r"^\s*```.*?^\s*```", re.DOTALL | re.MULTILINE)


def spans(page: Path) -> list[str]:
    """Return what stands between backticks in a page's sentences, each on one line."""
    sentences = CODE.sub("", page.read_text(encoding="utf-8"))
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", sentences)]


def shell_lines(page: Path) -> list[str]:
    """Return the commands of a page's shell blocks, each on one line, `a && b` as two."""
    commands = []
    for block in blocks_of(page):
        lines = block.content.replace("\\\n", " ").splitlines()
        if block.language == "console":
            lines = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        if block.language in {"sh", "bash", "console"}:
            commands += [command.strip() for line in lines for command in line.split("&&")]
    return commands
