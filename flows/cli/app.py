"""The command line's application: its options, and how a verb gets at the configuration."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from flows.cli.console import Watch
from flows.session import Session
from fusion.errors import ConfigError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Train recommenders, fuse them, publish every user's list to SQL, and know when to retrain.",
    epilog="Exit codes: 0 published or nothing due, 1 refused (live unchanged), 2 wrong configuration or data, "
    "3 unexpected, 4 published with an alert or unmonitored, 75 try again later.",
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


def session(config: Path, by: str | None = None, watch: Watch | None = None) -> Session:
    """Open the configuration; steps and progress go to `watch`."""
    more: dict[str, Any] = {"by": by} if by else {}
    if watch:
        more |= {"step": watch.step, "progress": watch.progress}
    return Session.open(config, **more)


def moment(text: str | None) -> datetime | None:
    """Read a time given on the command line; ConfigError says which form it takes."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as wrong:
        raise ConfigError(
            f"--as-of {text!r} is no time; write 2026-01-31 or 2026-01-31T06:00"
        ) from wrong
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def span(text: str | None) -> timedelta | None:
    """Read a length of time such as 90m, 24h or 2d."""
    if text is None:
        return None
    units = {"m": "minutes", "h": "hours", "d": "days"}
    number, unit = text[:-1], text[-1:]
    if not number.isdigit() or not int(number) or unit not in units:
        raise ConfigError(f"--freeze {text!r} is no length of time; write 90m, 24h or 2d")
    return timedelta(**{units[unit]: int(number)})
