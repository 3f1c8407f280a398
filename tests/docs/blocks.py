"""Fenced blocks of the pages, and the mark above each that says what a test does with it.

    <!-- run -->                                it is run, and ends well
    <!-- run: exit=2 in=files on=both rows=3 -->  the same, with what is special about it
    <!-- run by: tests/examples/test_x.py -->   that test runs it
    <!-- not run: needs a mail server -->       nobody runs it, for this reason

A mark is a comment on the line before the fence; neither GitHub nor the site shows it. In a
`console` block the lines after `$ ` are run, and those below compared with what is printed, figures
and ids of runs aside; `...` stands for anything.
"""

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent

from tests.docs.pages import ROOT

FOLDERS = ("docs", "examples", "fusion", "flows", "storage", "dashboards", "benchmarks", ".github")
PAGES_WITH_BLOCKS = sorted(
    [*ROOT.glob("*.md"), *(page for name in FOLDERS for page in (ROOT / name).rglob("*.md"))]
)
FENCE = re.compile(r"^(?P<indent>\s*)(?P<fence>`{3,}|~{3,})(?P<info>[^`]*)$")
COMMENT = re.compile(r"^\s*<!-- (.*) -->$")
MARK = re.compile(r"(?P<kind>not run|run by|run)(?:: (?P<rest>.+))?")
OPTIONS = {
    "exit": "exit codes that are right, such as 0,4; default 0",
    "file": "the block is this file of the page's folder",
    "in": "`shop`, two published runs and a configuration (default), or `files`, data alone",
    "on": "`sqlite` (default), `postgresql` or `both`",
    "rows": "how many rows a SELECT gives; default: some",
}


@dataclass(frozen=True)
class Mark:
    """What becomes of a block.

    Attributes:
        kind: `run`, `run by` or `not run`.
        reason: of `not run`; of `run by`, the test's file.
        options: of `run`, by the keys of OPTIONS.
    """

    kind: str
    reason: str = ""
    options: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Block:
    """One fenced block; `line` is that of its opening fence, counted from 1."""

    page: str
    line: int
    language: str
    content: str
    mark: Mark | None

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"

    def option(self, name: str, default: str = "") -> str:
        return self.mark.options.get(name, default) if self.mark else default


def read_mark(comment: str) -> Mark | None:
    """Return the mark in a comment; None when it is another comment.

    Raises:
        ValueError: it begins as a mark, and is none; the message says what is allowed.
    """
    matched = MARK.fullmatch(comment.strip())
    if matched is None:
        return None
    kind, rest = matched["kind"], matched["rest"] or ""
    if kind != "run":
        if not rest:
            raise ValueError(f"`{kind}` needs its reason: <!-- {kind}: ... -->")
        return Mark(kind, reason=rest)
    options = dict(word.partition("=")[::2] for word in shlex.split(rest))
    unknown = sorted(set(options) - set(OPTIONS))
    if unknown:
        raise ValueError(f"unknown option {unknown[0]!r} of `run`; known: {', '.join(OPTIONS)}")
    return Mark(kind, options=options)


def _mark_above(lines: list[str], fence: int) -> Mark | None:
    """Return the nearest mark among the comments directly above line number `fence`."""
    for line in reversed(lines[:fence]):
        comment = COMMENT.match(line)
        if comment is None:
            return None
        mark = read_mark(comment[1])
        if mark is not None:
            return mark
    return None


def blocks_of(page: Path) -> list[Block]:
    """Return the blocks of a page in their order."""
    return read_blocks(page.read_text(encoding="utf-8"), page.relative_to(ROOT).as_posix())


def contents(page: str, language: str) -> list[str]:
    """Return what stands in a page's blocks of a language."""
    return [block.content for block in blocks_of(ROOT / page) if block.language == language]


def read_blocks(text: str, page: str) -> list[Block]:
    """Return the blocks in the text of a page."""
    lines = text.splitlines()
    blocks: list[Block] = []
    at = 0
    while at < len(lines):
        opened = FENCE.match(lines[at])
        if opened is None:
            at += 1
            continue
        end = at + 1
        while end < len(lines) and lines[end].strip() != opened["fence"]:
            end += 1
        content = dedent("\n".join(lines[at + 1 : end])) + "\n"
        try:
            mark = _mark_above(lines, at)
        except ValueError as wrong:
            raise ValueError(f"{page}:{at + 1}: {wrong}") from wrong
        blocks.append(Block(page, at + 1, opened["info"].strip(), content, mark))
        at = end + 1
    return blocks
