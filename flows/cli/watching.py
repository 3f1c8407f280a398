"""Verbs about what arrives, what stands because of it, who is told: `watch`, `alerts`, `notify`."""

from enum import StrEnum
from functools import partial
from typing import Annotated

import typer

from flows.cli.app import FILE, AsOf, By, Config, Json, open_session, prefect_flows, verb
from flows.cli.console import ALERTS_OF_WATCHES, ProgressBars, emit, leave_to_the_screen, out
from flows.cli.options.times import parse_moment
from fusion.errors import ConfigError, Temporary


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
        leave_to_the_screen(*ALERTS_OF_WATCHES)
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


@verb
def notify(
    config: Config = FILE,
    test: Annotated[
        bool, typer.Option("--test", help="send a test message to every receiver now")
    ] = False,
    as_json: Json = False,
) -> int:
    """Send the messages that wait for receivers, and say what became of them.

    Returns:
        0; 75 while a receiver has not taken a message.
    """
    from flows.steps.notify.trial import send_trial, send_waiting  # noqa: PLC0415

    session = open_session(config)
    ends = send_trial(session) if test else send_waiting(session)
    is_untold = any(one.error is not None for one in ends)
    code = Temporary.exit_code if is_untold else 0
    if as_json:
        emit({"receivers": ends, "exit_code": code})
        return code
    for one in ends:
        waiting = f", {one.waiting} wait" if one.waiting else ""
        given_up = f", {one.given_up} given up" if one.given_up else ""
        why = f": {one.error}" if one.error else ""
        out.print(f"{one.receiver}: {one.sent} sent{waiting}{given_up}{why}", markup=False)
    return code
