"""Verbs that look at what arrives, and at what stands because of it: `watch`, `alerts`."""

from enum import StrEnum
from functools import partial
from typing import Annotated

import typer

from flows.cli.app import (
    FILE,
    AsOf,
    By,
    Config,
    Json,
    open_session,
    parse_moment,
    prefect_flows,
    verb,
)
from flows.cli.console import ProgressBars, emit, out
from fusion.errors import ConfigError


@verb
def watch(config: Config = FILE, as_of: AsOf = None, as_json: Json = False) -> int:
    """Look at what has arrived since the last watch; nothing is trained.

    Returns:
        0; 4 while an alarm is open and not acknowledged.
    """
    from flows.cli.screens.alarms.watch import print_watch  # noqa: PLC0415
    from flows.steps.arrivals.watch import watch_placement  # noqa: PLC0415
    from flows.steps.run_summaries import alert_summary  # noqa: PLC0415

    moment = parse_moment(as_of)
    flows = prefect_flows(config)
    with ProgressBars() as bars:
        session = open_session(config, bars=bars)
        # Prefect shows the step in the place of the bar.
        look = partial(flows.watch, str(config)) if flows else partial(watch_placement, session)
        outcome = look(moment)
    if as_json:
        emit(
            {
                "watch_no": outcome.watch_no,
                "as_of": outcome.as_of,
                "facts": outcome.facts,
                "alerts": [alert_summary(one) for one in outcome.alerts],
                "note": outcome.note,
                "exit_code": outcome.exit_code,
            }
        )
    else:
        print_watch(out, session.placement, outcome)
    return outcome.exit_code


class Action(StrEnum):
    """Words that `fusion alerts` takes."""

    show = "show"
    ack = "ack"


@verb
def alerts(  # noqa: PLR0913 one argument an option
    action: Annotated[
        Action,
        typer.Argument(help="`show` lists what stands; `ack` says that somebody knows"),
    ] = Action.show,
    number: Annotated[int | None, typer.Argument(help="of the alert, for `ack`")] = None,
    *,
    why: Annotated[str | None, typer.Option("--why", help="for others, with `ack`")] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="open again from this time on (ISO; UTC)")
    ] = None,
    expected: Annotated[
        bool, typer.Option("--expected", help="what it shows is health from now on")
    ] = False,
    everything: Annotated[bool, typer.Option("--all", help="show resolved ones, too")] = False,
    config: Config = FILE,
    by: By = None,
    as_json: Json = False,
) -> int:
    """Show the alerts that stand, or acknowledge one.

    Returns:
        0.
    """
    from flows.cli.screens.alarms.alerts import print_alerts  # noqa: PLC0415
    from flows.steps.run_summaries import alert_summary  # noqa: PLC0415
    from storage.watches.alert_rows import State  # noqa: PLC0415
    from storage.watches.alerts import acknowledge, alerts_of  # noqa: PLC0415

    session = open_session(config, by, read_only=action == Action.show)
    if action == Action.ack:
        if number is None or not why:
            raise ConfigError(
                "`fusion alerts ack` needs the number of an alert and a reason: "
                "`fusion alerts ack 3 --why TEXT`; `fusion alerts` lists them"
            )
        listed = [
            acknowledge(
                session.engine,
                session.placement,
                number,
                by=session.by,
                why=why,
                until=parse_moment(until, "--until"),
                is_expected=expected,
            )
        ]
    else:
        if number is not None or why or until or expected:
            raise ConfigError("`fusion alerts show` takes --all alone; `ack` acknowledges an alert")
        states: list[State] = ["open", "acknowledged"]
        listed = alerts_of(
            session.engine, session.placement, [*states, "resolved"] if everything else states
        )
    if as_json:
        emit([alert_summary(one) for one in listed])
    else:
        print_alerts(out, session.placement, listed)
    return 0
