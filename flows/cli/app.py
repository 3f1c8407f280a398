"""The command line's application: its shared options, and how a verb opens the configuration."""

import inspect
import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from typer.core import TyperGroup

from flows.cli.advice import CALLED_WITH
from flows.cli.console import ProgressBars
from flows.session import Session
from flows.settings import read_config
from fusion.core.extras import require_extras
from fusion.core.settings import Settings, describe, require_text
from fusion.errors import ConfigError, Temporary

log = logging.getLogger(__name__)

VERBS = {
    "Begin": ("demo", "init", "check", "db"),
    "Train and publish": ("run", "train", "publish", "monitor", "retrain", "schedule"),
    "Watch": ("watch", "alerts"),
    "Look": ("status", "health", "runs", "show", "person", "diff", "ui"),
    "Decide what is live": ("approve", "reject", "rollback", "unfreeze"),
    "Clean up": ("prune", "forget"),
}
"""The verbs by what people come for, in the order of `--help`."""

NEEDS = {
    "demo": ("demo", "train", "prefect"),
    "ui": ("dashboards",),
    # Whoever serves the schedule also trains: a night must not be the first to find that missing.
    "schedule": ("prefect", "train"),
    **dict.fromkeys(
        ("init", "check", "run", "train", "publish", "monitor", "retrain", "person", "watch"),
        ("train",),
    ),
    **dict.fromkeys(("watch", "prune", "forget"), ("train",)),
}
"""Extras that a verb needs whatever its options; one that is not here reads SQL alone."""


class _InOrder(TyperGroup):
    """Lists verbs in the order of `VERBS`, not in that of imports."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        return [name for names in VERBS.values() for name in names]


app = typer.Typer(
    cls=_InOrder,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Train recommenders, fuse them, publish every user's list to SQL, "
    "and know when to retrain.",
    epilog="Exit codes: 0 published or nothing due, 1 refused (live unchanged), "
    "2 wrong configuration or data, 3 unexpected, 4 published with an alert or unmonitored, "
    "75 try again later.",
)

Config = Annotated[Path, typer.Option("--config", help="configuration file")]
Json = Annotated[bool, typer.Option("--json", help="give the result as JSON, for machines")]
AsOf = Annotated[
    str | None, typer.Option("--as-of", help="use only what was known before this time (ISO; UTC)")
]
By = Annotated[
    str | None, typer.Option("--by", help="who does it, for the history; default: the OS user")
]
Run = Annotated[str, typer.Argument(help="a run's id, or `live` or `challenger`")]
FILE = Path("fusion.toml")
"""The configuration that a verb reads where `--config` names no other."""
SPAN_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
"""The letters after a length of time, by the argument of `timedelta` that they stand for."""
# At most six digits: the end must be a date.
_SPAN = re.compile(r"([1-9][0-9]{0,5})([mhd])")
# The first line of a section of a docstring, which ends its prose.
_SECTION = re.compile(r"^(Args|Returns|Raises):$", re.MULTILINE)


def verb(function: Callable[..., int]) -> Callable[..., int]:
    """Register a function as a verb, helped by the prose of its docstring.

    Its name stands in `VERBS`, which says under which heading `--help` shows it.

    When it is called, it ends at once where an extra of `NEEDS` is not installed, and advice on the
    screen names its configuration, too.

    Typer shows a whole docstring as help. The sections about exit codes and arguments are for those
    who read the code: options and arguments carry a help text of their own.

    Args:
        function: takes Typer's arguments and gives the exit code.

    Returns:
        The function, unchanged.
    """
    name = function.__name__

    @wraps(function)
    def _call(**options: Any) -> int:
        for option, value in options.items():
            # Names of files may be any bytes.
            if isinstance(value, str):
                require_text(f"{option} {value!r}", value)
        require_extras(f"`fusion {name}`", *NEEDS.get(name, ()))
        config = options.get("config", FILE)
        CALLED_WITH.set(None if config == FILE else config)
        return function(**options)

    prose = _SECTION.split(inspect.getdoc(function) or "")[0]
    (group,) = (group for group, names in VERBS.items() if name in names)
    app.command(help=prose.strip(), rich_help_panel=group)(_call)
    return function


def open_session(
    config: Path,
    by: str | None = None,
    bars: ProgressBars | None = None,
    read_only: bool = False,
) -> Session:
    """Open the configuration as a session.

    Args:
        config: the configuration file.
        by: a name for the history of slots; None is the OS user.
        bars: shows steps and their progress; None shows nothing.
        read_only: for a verb that looks: its database refuses every write.

    Returns:
        The session; its database is opened when it is first used.

    Raises:
        ConfigError: the file is missing, or is no configuration.
    """
    # What is not given keeps the session's own default.
    options: dict[str, Any] = {"read_only": read_only}
    if by:
        options["by"] = by
    if bars:
        options["step"] = bars.step
        options["progress"] = bars.progress
    return Session.open(config, **options)


def prefect_flows(config: Path) -> Any:
    """Return the module of Prefect flows when a Prefect server is configured, else None.

    A server that does not answer takes no night away: without it the same is done, unless the
    configuration requires it.

    Args:
        config: the configuration file.

    Raises:
        ConfigError: the file is missing, or is no configuration, or Prefect cannot take its own
            settings.
        Temporary: the server does not answer, and the configuration requires it.
    """
    from flows.prefect_flows.api import api_url, is_reachable  # noqa: PLC0415

    url = api_url()
    if not url:
        return None
    if not is_reachable(url):
        _go_on_without(url, config)
        return None
    require_extras("the configured Prefect server", "prefect")
    # Only now: Prefect takes seconds to import.
    try:
        from flows.prefect_flows import flows  # noqa: PLC0415
    except ValidationError as wrong:
        # It reads its settings as it is imported: PREFECT_ variables, profiles, prefect.toml.
        problems = "; ".join(describe(error, Settings) for error in wrong.errors())
        raise ConfigError(
            f"Prefect cannot take its settings: {problems}. Correct them, or take PREFECT_API_URL "
            "away to work without Prefect"
        ) from wrong
    return flows


def _go_on_without(url: str, config: Path) -> None:
    """Warn that a Prefect server does not answer, or refuse to go on without it."""
    away = f"the Prefect server at {url} does not answer"
    if read_config(config).flows.require:
        raise Temporary(
            f"{away}, and [flows] require = true; start it and try again, or set require = false"
        )
    log.warning("%s: its pages will not show what is done now", away)


def parse_moment(text: str | None, option: str = "--as-of") -> datetime | None:
    """Read the time that an option gives.

    Args:
        text: ISO 8601, a date or a time; without a zone it is UTC.
        option: its name, for the message.

    Returns:
        The aware time; None when no text is given.

    Raises:
        ConfigError: the text is no time; the message says which form it takes.
    """
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as wrong:
        raise ConfigError(
            f"{option} {text!r} is no time; write 2026-01-31 or 2026-01-31T06:00"
        ) from wrong
    # Without a zone it means UTC, on every machine.
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def parse_span(text: str | None, option: str) -> timedelta | None:
    """Read the length of time that an option gives.

    Args:
        text: a whole number above 0 and a unit, such as 90m, 24h or 2d.
        option: its name, for the message.

    Returns:
        The length of time; None when no text is given.

    Raises:
        ConfigError: the text is no length of time.
    """
    if text is None:
        return None
    span = _SPAN.fullmatch(text)
    if span is None:
        shown = f"{text[:40]}..." if len(text) > 40 else text
        raise ConfigError(f"{option} {shown!r} is no length of time; write 90m, 24h or 2d")
    number, unit = span.groups()
    return timedelta(**{SPAN_UNITS[unit]: int(number)})
