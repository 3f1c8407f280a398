"""Verbs to begin with: the demo, a first configuration, checks, sources, plans, the database."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from flows.cli.app import FILE, AsOf, Config, Json, open_session, verb
from flows.cli.console import emit, out
from flows.cli.options.times import parse_moment
from fusion.errors import ConfigError


@verb
def demo(
    folder: Annotated[Path, typer.Option(help="where it is made")] = Path("demo"),
    as_json: Json = False,
) -> int:
    """Run the whole loop on real MovieLens ratings: three runs as of three dates.

    Returns:
        0 when the last run is live, else its exit code.
    """
    from flows.cli.demo import run_demo  # noqa: PLC0415

    return run_demo(folder, as_json)


@verb
def init(
    interactions: Annotated[str, typer.Argument(help="CSV or Parquet file, folder or glob")],
    items: Annotated[str | None, typer.Option(help="file that describes items")] = None,
    users: Annotated[str | None, typer.Option(help="file that describes users")] = None,
    config: Config = FILE,
    force: Annotated[bool, typer.Option("--force", help="overwrite the configuration")] = False,
    as_json: Json = False,
) -> int:
    """Write a commented configuration for your files; columns are guessed, and said.

    Returns:
        0.
    """
    from flows.steps.init import write_first_config  # noqa: PLC0415

    sentences = write_first_config(config, interactions, items, users, force)
    if as_json:
        emit({"config": config, "guessed": sentences})
        return 0
    for sentence in sentences:
        out.print(f"  {sentence}", markup=False)
    out.print(f"Wrote {config}. Next: `fusion check`, then `fusion run`.", markup=False)
    return 0


@verb
def check(
    config: Config = FILE,
    as_of: AsOf = None,
    strict: Annotated[bool, typer.Option("--strict", help="treat warnings as errors")] = False,
    store: Annotated[
        bool,
        typer.Option(
            "--store", help="compare stages, run folders and lists in SQL with their checksums"
        ),
    ] = False,
    profile: Annotated[
        bool,
        typer.Option(
            "--profile", help="show which items and users hold the events, and what is listed"
        ),
    ] = False,
    as_json: Json = False,
) -> int:
    """Name every problem of the configuration and the data, with counts, examples and cures.

    Returns:
        0, or 2 with an error (with `--strict`, with any finding).
    """
    from flows.cli.screens.checks.balance import print_balance  # noqa: PLC0415
    from flows.cli.screens.checks.findings import print_findings  # noqa: PLC0415
    from flows.steps.watch.balance import balance_of  # noqa: PLC0415
    from flows.steps.watch.check import check_all  # noqa: PLC0415
    from flows.steps.watch.check_store import check_store  # noqa: PLC0415

    session, moment = open_session(config), parse_moment(as_of)
    findings = check_store(session) if store else check_all(session, moment)
    # Warnings are said, and stop nothing, unless a pipeline asks for it.
    failed = any(strict or finding.severity == "error" for finding in findings)
    balance = balance_of(session, moment) if profile else None
    if as_json:
        asked = {"balance": balance} if profile else {}
        emit({"findings": findings, "ok": not failed, **asked})
        return ConfigError.exit_code if failed else 0
    print_findings(out, findings)
    if balance is not None:
        print_balance(out, balance)
    return ConfigError.exit_code if failed else 0


@verb
def sources(config: Config = FILE, as_json: Json = False) -> int:
    """List the recommenders that `use` may name: needs, memory of a fit, settings with defaults.

    Returns:
        0.
    """
    from flows.cli.screens.checks.sources import print_sources  # noqa: PLC0415
    from flows.steps.watch.sources import list_sources  # noqa: PLC0415

    # A file that somebody names must be there.
    there = config != FILE or config.exists()
    found = list_sources(open_session(config, read_only=True) if there else None)
    if as_json:
        emit(found)
    else:
        print_sources(out, found)
    return 0


@verb
def plan(config: Config = FILE, as_of: AsOf = None, as_json: Json = False) -> int:
    """Say what a training will take: seconds, memory and disk by stage, beside what is free.

    Returns:
        0, also where it warns.
    """
    from flows.cli.screens.checks.plan import print_plan  # noqa: PLC0415
    from flows.steps.train.plan import plan_training  # noqa: PLC0415

    planned = plan_training(open_session(config, read_only=True), parse_moment(as_of))
    if as_json:
        emit(planned)
    else:
        print_plan(out, planned)
    return 0


class Action(StrEnum):
    """Words that `fusion db` takes."""

    status = "status"
    upgrade = "upgrade"


@verb
def db(
    action: Annotated[
        Action,
        typer.Argument(
            help="`status` says what the database holds and lacks; `upgrade` makes its tables, or "
            "brings those of an older version up to date"
        ),
    ] = Action.status,
    config: Config = FILE,
    as_json: Json = False,
) -> int:
    """Say what state the database is in, or make and upgrade its tables.

    Returns:
        0; 2 for `status` of a database that is damaged, or of another version.
    """
    from flows.cli.screens.checks.findings import print_database  # noqa: PLC0415
    from storage.connect import connect  # noqa: PLC0415
    from storage.reading.database_status import database_status  # noqa: PLC0415

    storage = open_session(config).storage
    before = database_status(storage)
    if action == Action.upgrade:
        connect(storage, migrate=True).dispose()
    status = database_status(storage)
    upgraded_from = before.revision if before.revision != status.revision else None
    if as_json:
        emit({**vars(status), "upgraded_from": upgraded_from, "ok": not status.needs_care})
    else:
        print_database(out, status, upgraded_from)
    return ConfigError.exit_code if status.needs_care else 0
