"""Where the blocks of a page are run, and how a command is run there."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.docs.blocks import Block
from tests.docs.pages import ROOT
from tests.flows.world import environment

STAND_INS = (
    "postgresql+psycopg://fusion:secret@db.example/recommendations",
    "postgresql://lists_reader:...@db/shop",
)
"""Databases that pages name as the reader's own."""
FOLDER = "/srv/shop"
"""The folder that pages name as the reader's own."""
RUN_ID = re.compile(r"\b\d{8}-\d{6}-[0-9a-f]{6}\b")


@dataclass
class Place:
    """Where the blocks of one page are run, one after the other.

    Attributes:
        folder: with data, and a published shop unless the block asks for files alone.
        url: of the shop's database.
        names: what Python blocks of the page have defined so far.
    """

    folder: Path
    url: str
    names: dict[str, Any] = field(default_factory=lambda: {"__name__": "page"})

    def content(self, block: Block) -> str:
        """Return the block with this folder and database in the place of the reader's."""
        content = block.content.replace(FOLDER, str(self.folder))
        for url in STAND_INS:
            content = content.replace(url, self.url)
        return content

    def close(self) -> None:
        """Close what Python blocks left open."""
        for value in self.names.values():
            engine = getattr(value, "engine", value)
            getattr(engine, "dispose", lambda: None)()


def run_command(block: Block, place: Place, line: list[str]) -> str:
    """Run a command as a reader does, with this checkout's `fusion` and `python`.

    Returns:
        What it printed, without its log.

    Raises:
        AssertionError: it ended with an exit code that the block's mark does not have.
    """
    programs = place.folder.parent / "programs"
    programs.mkdir(exist_ok=True)
    for name, module in {"fusion": " -m flows.cli", "python": ""}.items():
        (programs / name).write_text(f'#!/bin/sh\nexec {sys.executable}{module} "$@"\n')
        (programs / name).chmod(0o755)
    path = {"PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        line,
        cwd=place.folder,
        env=environment(**path),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    expected = block.option("exit", "0").split(",")
    assert str(done.returncode) in expected, (
        f"exit {done.returncode}, expected {' or '.join(expected)}\n"
        f"{block.content}\n{done.stdout}\n{done.stderr[-3000:]}"
    )
    return done.stdout


def words_of(output: str) -> str:
    """Return an output by its words alone, on one line.

    Figures and ids of runs hang on the day and the processor, lines and widths on both.
    """
    return " ".join(re.sub(r"\d+", "#", RUN_ID.sub("RUN", output)).split())
