"""The terminal: results on stdout, logs and progress on stderr, errors as the exit codes say."""

import json
import logging
import math
import os
import sys
import traceback
from collections.abc import Callable
from contextvars import ContextVar
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
from flows.cli.terminal_text import JsonFormatter, OneLineFormatter
from flows.failures import describe_failure
from flows.visible_text import json_text
from fusion.core.progress import Progress as Watcher
from fusion.core.progress import T
from fusion.errors import FusionError
from fusion.masking import mask_all, mask_secrets

log = logging.getLogger(__name__)
# In a pipe or a file there is no width to ask for: 140 keeps tables and sentences whole.
out = Screen(width=None if sys.stdout.isatty() else 140)
err = Screen(stderr=True)

LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"
ASKED: ContextVar[str] = ContextVar("ASKED", default="")
"""The format of logs that the command line asks for, which wins over the configuration."""
LOG_FORMAT_VARIABLE = "FUSION_LOG__FORMAT"
ALERTS_OF_RUNS = "flows.steps.watch.run_alerts"
"""The logger of alerts that monitoring raises."""
ALERTS_OF_WATCHES = ("flows.steps.arrivals.alerts", "flows.steps.realised.quality")
"""Loggers of alerts that a watch raises."""
OUR_PACKAGES = ("fusion", "storage", "dashboards", "flows")


def start_logging(log_format: str | None = None) -> None:
    """Set logging up: warnings for a person at a terminal, everything for a log file or a pipe.

    A person sees progress bars, so that notices about each step would only be in their way. Lines
    of JSON are for a machine, wherever they go.

    Args:
        log_format: "text" or "json"; None for what the environment says, else text.
    """
    if (log_format or os.environ.get(LOG_FORMAT_VARIABLE)) == "json":
        _log_to_stderr(JsonFormatter())
        return
    if err.is_terminal:
        shown = RichHandler(console=err, show_path=False)
        # The time and the level have columns of their own.
        shown.setFormatter(OneLineFormatter("%(message)s"))
        logging.basicConfig(level=logging.WARNING, handlers=[shown], force=True)
        return
    _log_to_stderr(OneLineFormatter(LOG_FORMAT))


def _log_to_stderr(formatter: logging.Formatter) -> None:
    # Other people's libraries stay at warnings; ours log each step.
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(formatter)
    logging.basicConfig(level=logging.WARNING, handlers=[lines], force=True)
    for name in OUR_PACKAGES:
        logging.getLogger(name).setLevel(logging.INFO)


def logs_json() -> bool:
    """Return whether logs are written as JSON."""
    return any(isinstance(one.formatter, JsonFormatter) for one in logging.getLogger().handlers)


def leave_to_the_screen(*loggers: str) -> None:
    """Keep notices off a terminal which the result of the verb shows there as well.

    Log files, pipes and lines of JSON have them all the same.

    Args:
        loggers: names of loggers whose warnings the screen of the verb repeats.
    """
    if err.is_terminal and not logs_json():
        for name in loggers:
            logging.getLogger(name).setLevel(logging.ERROR)


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
            disable=not err.is_terminal or logs_json(),
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
    is_unexpected = code == FusionError.exit_code
    if logs_json():
        cause = failure if is_unexpected else None
        log.error(message, exc_info=cause, extra={"fields": {"exit_code": code}})
    # A failure that was foreseen says what to do: a traceback would bury it.
    elif is_unexpected:
        trace = "".join(traceback.format_exception(failure))
        err.print(trace, markup=False, style="dim")
    if as_json:
        emit({"error": message, "exit_code": code})
    elif not logs_json():
        sentence = escape(message.removeprefix("error "))
        # Unwrapped: paths and ids in a log file must not be broken.
        err.print(f"[bold red]error[/] {sentence}", soft_wrap=True)
    return code
