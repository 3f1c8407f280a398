"""The command line's application: its shared options, and how a verb opens the configuration."""

import inspect
import logging
import re
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.markup import escape
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from flows.cli.advice import CALLED_WITH
from flows.cli.console import ASKED, ProgressBars, start_logging
from flows.session import Session
from flows.settings import read_config
from fusion.core.extras import require_extras
from fusion.core.settings import Settings, describe, require_text
from fusion.errors import ConfigError, Temporary

log = logging.getLogger(__name__)

VERBS = {
    "Begin": ("demo", "init", "check", "sources", "plan", "db"),
    "Train and publish": ("run", "train", "publish", "monitor", "retrain", "schedule", "deploy"),
    "Watch": ("watch", "alerts", "notify"),
    "Look back": ("backfill", "replay", "judge"),
    "Look": (
        "status",
        "health",
        "metrics",
        "runs",
        "show",
        "ask",
        "person",
        "diff",
        "report",
        "ui",
    ),
    "Decide what is live": ("approve", "reject", "rollback", "unfreeze"),
    "Clean up": ("prune", "forget"),
}
"""The verbs by what people come for, in the order of `--help`."""

NEEDS = {
    "demo": ("demo", "train", "prefect"),
    **dict.fromkeys(("report", "ui"), ("dashboards",)),
    # Whoever serves the schedule also trains: a night must not be the first to find that missing.
    "schedule": ("prefect", "train"),
    "deploy": ("prefect", "train"),
    **dict.fromkeys(
        (
            "init",
            "check",
            "sources",
            "plan",
            "run",
            "train",
            "publish",
            "monitor",
            "retrain",
            "person",
            "ask",
        ),
        ("train",),
    ),
    **dict.fromkeys(("watch", "backfill", "replay", "judge", "prune", "forget", "ask"), ("train",)),
}
"""Extras that a verb needs whatever its options; one that is not here reads SQL alone."""

TELLING = frozenset(
    ("run", "train", "publish", "monitor", "retrain", "watch", "approve", "reject", "rollback")
)
"""Verbs after which receivers of `[notify]` are told what happened."""


class _InOrder(TyperGroup):
    """Lists verbs in the order of `VERBS`, not in that of imports."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        return [name for names in VERBS.values() for name in names]


class _AsWritten(TyperCommand):
    """A verb whose help shows `[data]` as it stands: Typer reads brackets as markup."""

    def __init__(self, *words: Any, **options: Any) -> None:
        super().__init__(*words, **options)
        self.help = escape(self.help or "")
        for param in self.params:
            if isinstance(param, (TyperArgument, TyperOption)):
                param.help = escape(param.help or "")


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
UI_PORT = 8000
"""The port of the dashboards where `--port` names no other."""
FILE = Path("fusion.toml")
"""The configuration that a verb reads where `--config` names no other."""
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
        if name not in TELLING:
            return function(**options)
        from flows.steps.notify.telling import telling  # noqa: PLC0415

        with telling(config, name):
            return function(**options)

    prose = _SECTION.split(inspect.getdoc(function) or "")[0]
    (group,) = (group for group, names in VERBS.items() if name in names)
    app.command(cls=_AsWritten, help=prose.strip(), rich_help_panel=group)(_call)
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
    session = Session.open(config, **options)
    if session.config.log.format == "json" and not ASKED.get():
        start_logging("json")
    return session


def prefect_flows(config: Path, *, needed: bool = False) -> Any:
    """Return the module of Prefect flows when a Prefect server is configured, else None.

    A server that does not answer, or does not let us in, takes no night away: without it the same
    is done, unless the configuration or the verb requires it.

    Args:
        config: the configuration file.
        needed: the verb can do nothing without the server.

    Raises:
        ConfigError: the file is missing, or is no configuration, or Prefect cannot take its own
            settings, or a server that is required does not let us in.
        Temporary: the server does not answer, and is required.
    """
    from flows.prefect_flows.api import api_url, is_reachable  # noqa: PLC0415

    url = api_url()
    if not url:
        return None
    required = needed or read_config(config).flows.require
    if not is_reachable(url):
        away = f"the Prefect server at {url} does not answer"
        if required:
            raise Temporary(f"{away}; start it and try again{_or_without(needed)}")
        log.warning("%s: its pages will not show what is done now", away)
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
    from flows.prefect_flows.credentials import are_accepted  # noqa: PLC0415

    if not are_accepted():
        locked = (
            f"the Prefect server at {url} does not accept the credentials; set "
            "PREFECT_API_AUTH_STRING (or PREFECT_API_KEY) to its own"
        )
        if required:
            raise ConfigError(locked + _or_without(needed))
        log.warning("%s. Its pages will not show what is done now", locked)
        return None
    return flows


def _or_without(needed: bool) -> str:
    """Return how to go on without a server that the configuration alone requires."""
    return "" if needed else ", or set [flows] require = false"
