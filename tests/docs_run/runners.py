"""How a block of each language is run, in the folder of its page."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from contextlib import chdir
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import NullPool, create_engine, text

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
CRON_FIELDS = re.compile(r"^[\d*]\S*(?: \S+){4}  ", re.MULTILINE)
PARAMETERS = {"placement": "default", "user_id": "42", "item_id": "318", "segment": None}
"""Values of the parameters of statements."""


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


def run_block(block: Block, place: Place) -> None:
    """Run a block that is marked `run`.

    Raises:
        AssertionError: it ended otherwise than its mark says; begins with page and line.
    """
    RUNNERS[block.language](block, place)


def _run_shell(block: Block, place: Place) -> None:
    """Give the lines to a shell that ends at the first failure; a crontab's are commands too."""
    commands = CRON_FIELDS.sub("", place.content(block))
    _command(block, place, ["sh", "-e", "-c", commands])


def _run_python(block: Block, place: Place) -> None:
    """Execute the code among the names of the page's earlier blocks; a file is run as one."""
    name = block.option("file")
    if name:
        (place.folder / name).write_text(place.content(block))
        words = ["-m", "pytest", "-q", "-p", "no:cacheprovider"] if name.startswith("test_") else []
        _command(block, place, [sys.executable, *words, name])
        return
    # The blank lines let a traceback name the lines of the page.
    code = "\n" * block.line + place.content(block)
    with chdir(place.folder):
        exec(compile(code, block.page, "exec"), place.names)


def _run_toml(block: Block, place: Place) -> None:
    """Let `fusion check` read the shop's configuration with this block's keys, or as its rules."""
    config = tomllib.loads((place.folder / "fusion.toml").read_text())
    content = place.content(block)
    rules = block.option("file")
    if rules:
        (place.folder / rules).write_text(content)
        config["lists"]["rules"] = rules
    else:
        for section, keys in tomllib.loads(content).items():
            both = isinstance(keys, dict) and section in config
            config[section] = config[section] | keys if both else keys
    (place.folder / "block.toml").write_text(_toml_text(config))
    _command(block, place, [*FUSION, "check", "--strict", "--config", "block.toml"])


def _toml_text(config: dict[str, Any]) -> str:
    return "".join(f"{key} = {_toml_value(value)}\n" for key, value in config.items())


def _toml_value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml_value(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml_value, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _run_sql(block: Block, place: Place) -> None:
    """Execute each statement, with values for its parameters; a SELECT gives rows."""
    engine = create_engine(place.url, poolclass=NullPool)
    for statement in filter(str.strip, re.split(r";\s*$", block.content, flags=re.MULTILINE)):
        clause = text(statement)
        values = {name: PARAMETERS[name] for name in clause.compile().params}
        with engine.begin() as connection:
            result = connection.execute(clause, values)
            if not result.returns_rows:
                continue
            rows = result.all()
        expected = block.option("rows") or "some"
        count = str(len(rows)) if block.option("rows") else ("some" if rows else "no")
        assert count == expected, f"{block.place}: {count} rows, expected {expected}"


FUSION = [sys.executable, "-m", "flows.cli"]
RUNNERS: dict[str, Callable[[Block, Place], None]] = {
    "sh": _run_shell,
    "python": _run_python,
    "toml": _run_toml,
    "sql": _run_sql,
}


def _command(block: Block, place: Place, line: list[str]) -> None:
    """Run a command as a reader does, with this checkout's `fusion` and `python`."""
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
        timeout=300,
        check=False,
    )
    expected = block.option("exit", "0").split(",")
    assert str(done.returncode) in expected, (
        f"{block.place}: exit {done.returncode}, expected {' or '.join(expected)}\n"
        f"{block.content}\n{done.stdout}\n{done.stderr[-3000:]}"
    )
