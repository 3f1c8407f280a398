"""The command line called inside the test's own process: quick, and its failure at hand."""

import contextlib
import io
import json
import logging
import os
import sys
from collections.abc import Iterator
from contextvars import copy_context
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy import Engine

from flows.cli.console import emit
from flows.cli.main import app, main
from flows.failures import describe_failure
from storage.connect import connect
from tests.flows.world import Ended

PACKAGES = ("fusion", "flows", "storage", "dashboards")
"""Beginnings of the names of our loggers."""


@dataclass(frozen=True)
class Called:
    """How a verb ended.

    Attributes:
        code: the exit code.
        out: all of stdout.
        message: the sentence of a failure; empty without one.
        failure: the exception that ended it, or None.
    """

    code: int
    out: str
    message: str = ""
    failure: BaseException | None = None

    @property
    def json(self) -> Any:
        """All of stdout as one JSON document, without the names that JSON does not know."""
        return json.loads(self.out, parse_constant=_refuse)


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


@contextlib.contextmanager
def _closing_databases() -> Iterator[None]:
    """Close the databases that sessions open in the block, as the end of a process does."""
    opened: list[Engine] = []

    def connect_and_keep(*words: Any, **options: Any) -> Engine:
        opened.append(connect(*words, **options))
        return opened[-1]

    try:
        with patch("flows.session.connect", connect_and_keep):
            yield
    finally:
        for engine in opened:
            engine.dispose()


@contextlib.contextmanager
def _as_a_process(folder: Path, env: dict[str, str]) -> Iterator[None]:
    """Work in `folder` with the environment of a command, and close what the block opens."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("PREFECT_", "FUSION_"))
    }
    with (
        _closing_databases(),
        contextlib.chdir(folder),
        patch.dict(os.environ, {**kept, "PREFECT_HOME": "/nonexistent", **env}, clear=True),
    ):
        yield


@contextlib.contextmanager
def _keeping_handlers() -> Iterator[None]:
    """Take away the handlers of logs that the block adds."""
    root = logging.getLogger()
    handlers = root.handlers[:]
    root.handlers = []
    try:
        yield
    finally:
        root.handlers = handlers


@contextlib.contextmanager
def _keeping_levels() -> Iterator[None]:
    """Take back the levels of logs that the block sets."""
    levels = _levels()
    try:
        yield
    finally:
        # A logger that came with the block had no level of its own before.
        for name in _levels():
            logging.getLogger(name).setLevel(levels.get(name, logging.NOTSET))


def _levels() -> dict[str, int]:
    """The level of each logger of ours, and of the root, by name."""
    known = logging.getLogger().manager.loggerDict
    ours = [name for name in known if name.split(".")[0] in PACKAGES]
    return {name: logging.getLogger(name).level for name in ("root", *ours)}


def call_main(folder: Path, *words: str, **env: str) -> Ended:
    """Call `fusion` in `folder` up to its very edge: all that it writes, as a process writes it.

    Only the standard streams are the test's own.
    """
    out, err = io.StringIO(), io.StringIO()
    with (
        _as_a_process(folder, env),
        _keeping_handlers(),
        _keeping_levels(),
        patch.object(sys, "argv", ["fusion", *words]),
        patch("flows.cli.main.secure_output"),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            # What the options of one command say of language and logs is nothing to the next.
            copy_context().run(main)
        except SystemExit as ended:
            return Ended(int(ended.code or 0), out.getvalue(), err.getvalue())
    raise AssertionError("a command ends its process")


def call(folder: Path, *words: str, **env: str) -> Called:
    """Call `fusion` in `folder`; a failure ends as on the command line, and is kept."""
    shown = io.StringIO()
    with _as_a_process(folder, env), _keeping_levels(), contextlib.redirect_stdout(shown):
        try:
            code = app(list(words), standalone_mode=False)
        except Exception as failure:
            code, message = describe_failure(failure)
            if "--json" in words:
                emit({"error": message, "exit_code": code})
            return Called(code, shown.getvalue(), message, failure)
    return Called(int(code or 0), shown.getvalue())
