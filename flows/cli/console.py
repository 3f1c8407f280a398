"""The terminal: results on stdout, logs and progress on stderr, errors as the exit codes say."""

import json
import logging
import sys
import traceback
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.logging import RichHandler
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from flows.failures import describe_failure
from fusion.core.progress import Progress as Watcher
from fusion.core.progress import T
from fusion.errors import FusionError

log = logging.getLogger(__name__)
out = Console(highlight=False, width=None if sys.stdout.isatty() else 140)
err = Console(stderr=True, highlight=False)


def start_logging() -> None:
    """Warnings to a person at a terminal, who sees progress anyway; everything to a log file or a pipe."""
    if err.is_terminal:
        logging.basicConfig(
            level=logging.WARNING, handlers=[RichHandler(console=err, show_path=False)], force=True
        )
    else:
        pattern = "%(asctime)s %(levelname)s %(name)s %(message)s"
        logging.basicConfig(level=logging.WARNING, format=pattern, stream=sys.stderr, force=True)
        for name in ("fusion", "storage", "dashboards", "flows"):
            logging.getLogger(name).setLevel(logging.INFO)


class Watch:
    """Progress bars on stderr while a person watches; nothing otherwise. `step` ticks steps off."""

    def __init__(self) -> None:
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
        )
        self._bars = Progress(
            *columns, TimeElapsedColumn(), console=err, transient=True, disable=not err.is_terminal
        )

    def __enter__(self) -> "Watch":
        self._bars.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._bars.stop()

    def step(self, name: str, work: Callable[[], T], /) -> T:
        """Run a step under a bar of its own."""
        bar = self._bars.add_task(name, total=None)
        try:
            return work()
        finally:
            self._bars.remove_task(bar)

    def progress(self, name: str) -> Watcher:
        """A watcher that moves the bar of the step it belongs to."""

        def moved(done: int, total: int) -> None:
            for task in self._bars.tasks:
                if task.description == name:
                    self._bars.update(task.id, completed=done, total=total)

        return moved


def emit(content: Any) -> None:
    """Write a result as JSON to stdout."""
    sys.stdout.write(json.dumps(plain(content), ensure_ascii=False, indent=1) + "\n")


def plain(content: Any) -> Any:
    """Turn results into what JSON knows: frames and dataclasses by their fields, times and paths as text."""
    if hasattr(
        content, "to_dicts"
    ):  # a frame, told without importing Polars, which light verbs do not need
        content = content.to_dicts()
    if is_dataclass(content):
        content = {field.name: getattr(content, field.name) for field in fields(content)}
    if isinstance(content, dict):
        return {str(key): plain(value) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [plain(value) for value in content]
    if isinstance(content, datetime):
        return content.isoformat()
    return content if isinstance(content, (str, int, float, bool, type(None))) else str(content)


def fail(failure: BaseException, as_json: bool) -> int:
    """Tell of a failure and give the exit code; only what nobody foresaw shows a traceback."""
    code, message = describe_failure(failure)
    if code == FusionError.exit_code:
        err.print("".join(traceback.format_exception(failure)), markup=False, style="dim")
    if as_json:
        emit({"error": message, "exit_code": code})
    else:
        # unwrapped: paths and ids in a log file must not be broken
        err.print(f"[bold red]error[/] {escape(message.removeprefix('error '))}", soft_wrap=True)
    return code
