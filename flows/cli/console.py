"""The terminal: results on stdout, logs and progress on stderr, errors as the exit codes say."""

import json
import logging
import math
import sys
import traceback
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any

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

from flows.cli.advice import Screen, with_config
from flows.cli.terminal_text import OneLineFormatter, json_text
from flows.failures import describe_failure
from fusion.core.progress import Progress as Watcher
from fusion.core.progress import T
from fusion.errors import FusionError
from fusion.masking import mask_all, mask_secrets

log = logging.getLogger(__name__)
# In a pipe or a file there is no width to ask for: 140 keeps tables and sentences whole.
out = Screen(width=None if sys.stdout.isatty() else 140)
err = Screen(stderr=True)

LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"
OUR_PACKAGES = ("fusion", "storage", "dashboards", "flows")


def start_logging() -> None:
    """Set logging up: warnings for a person at a terminal, everything for a log file or a pipe.

    A person sees progress bars, so that notices about each step would only be in their way.
    """
    if err.is_terminal:
        shown = RichHandler(console=err, show_path=False)
        shown.setFormatter(OneLineFormatter(logging.BASIC_FORMAT))
        logging.basicConfig(level=logging.WARNING, handlers=[shown], force=True)
        return
    # Other people's libraries stay at warnings; ours log each step.
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(OneLineFormatter(LOG_FORMAT))
    logging.basicConfig(level=logging.WARNING, handlers=[lines], force=True)
    for name in OUR_PACKAGES:
        logging.getLogger(name).setLevel(logging.INFO)


class ProgressBars:
    """Progress bars on stderr while a person is at the terminal; nothing otherwise."""

    def __init__(self) -> None:
        self._bars = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=err,
            transient=True,
            disable=not err.is_terminal,
        )

    def __enter__(self) -> "ProgressBars":
        self._bars.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._bars.stop()

    def step(self, name: str, work: Callable[[], T], /) -> T:
        """Run a step under a bar of its own.

        Args:
            name: shown beside the bar.
            work: the step.

        Returns:
            What the step returns.
        """
        bar = self._bars.add_task(name, total=None)
        try:
            return work()
        finally:
            self._bars.remove_task(bar)

    def progress(self, name: str) -> Watcher:
        """Return a callback that moves the bar of a step.

        Args:
            name: of the step, as `step` was given it.

        Returns:
            A function of (done, total) that moves the step's bar while it is shown.
        """

        def _advance(done: int, total: int) -> None:
            for task in self._bars.tasks:
                if task.description == name:
                    self._bars.update(task.id, completed=done, total=total)

        return _advance


def emit(content: Any) -> None:
    """Write a result as JSON to stdout, without secrets.

    Args:
        content: anything that `to_json` takes.
    """
    sys.stdout.write(json_of(content))


def json_of(content: Any) -> str:
    """Write a result as JSON, without secrets.

    Args:
        content: anything that `to_json` takes.

    Returns:
        The text, with a line feed at its end.
    """
    text = json.dumps(mask_all(to_json(content)), ensure_ascii=False, indent=1)
    return json_text(text) + "\n"


def to_json(content: Any) -> Any:
    """Turn a result into what JSON knows.

    Args:
        content: frames and dataclasses, which are written by their fields; times and paths, written
            as text; lists, tuples and dicts of these.

    Returns:
        Lists, dicts, text, finite numbers, booleans and None.
    """
    # A frame is known by its method: light verbs must not import Polars to ask for its type.
    if hasattr(content, "to_dicts"):
        content = content.to_dicts()
    if is_dataclass(content):
        content = {field.name: getattr(content, field.name) for field in fields(content)}
    if isinstance(content, dict):
        return {str(key): to_json(value) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [to_json(value) for value in content]
    if isinstance(content, datetime):
        return content.isoformat()
    # JSON has no NaN and no infinity: a parser in another language would refuse all of it.
    if isinstance(content, float) and not math.isfinite(content):
        return None
    if isinstance(content, (str, int, float, bool, type(None))):
        return content
    # Paths, and whatever else has a name that a machine can use.
    return str(content)


def fail(failure: BaseException, as_json: bool) -> int:
    """Report a failure; only an unexpected one shows a traceback.

    Args:
        failure: what ended the verb.
        as_json: write the sentence as JSON to stdout, not as text to stderr.

    Returns:
        The exit code.
    """
    code, message = describe_failure(failure)
    message = with_config(mask_secrets(message))
    # A failure that was foreseen says what to do: a traceback would bury it.
    if code == FusionError.exit_code:
        trace = "".join(traceback.format_exception(failure))
        err.print(trace, markup=False, style="dim")
    if as_json:
        emit({"error": message, "exit_code": code})
    else:
        sentence = escape(message.removeprefix("error "))
        # Unwrapped: paths and ids in a log file must not be broken.
        err.print(f"[bold red]error[/] {sentence}", soft_wrap=True)
    return code
