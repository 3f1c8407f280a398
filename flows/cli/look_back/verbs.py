"""Verbs that look back: `backfill`, `replay`, `judge`.

Verbs import what they need when they run, so that light ones answer at once.
"""

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.app import FILE, Config, Json, Run, open_session, verb
from flows.cli.console import ProgressBars, emit, out
from flows.cli.options.times import parse_moment, parse_span
from fusion.core.extras import is_installed

From = Annotated[str, typer.Option("--from", help="the first date (ISO; UTC)")]
To = Annotated[str, typer.Option("--to", help="the last date at most (ISO; UTC)")]
Every = Annotated[str, typer.Option("--every", help="from one date to the next, such as 7d")]


@verb
def backfill(
    first: From, last: To, every: Every = "7d", config: Config = FILE, as_json: Json = False
) -> int:
    """Train runs as of past dates, without moving any slot.

    Returns:
        0; 1 where checks refused one of the runs.
    """
    from flows.cli.look_back.screen import backfill_summary, print_backfill  # noqa: PLC0415
    from flows.steps.past.backfill import backfill as run_backfill  # noqa: PLC0415
    from flows.steps.past.dates import PastDates  # noqa: PLC0415

    dates = PastDates(
        parse_moment(first, "--from"), parse_moment(last, "--to"), parse_span(every, "--every")
    )
    with ProgressBars() as bars:
        session = open_session(config, bars=bars)
        runs = run_backfill(session, dates)
    if as_json:
        emit(backfill_summary(session.placement, runs))
    else:
        print_backfill(out, runs)
    return 1 if any(past.run.status == "rejected" for past in runs) else 0


@verb
def replay(  # noqa: PLR0913 one argument an option
    first: From,
    last: To,
    every: Every = "7d",
    *,
    policy: Annotated[
        list[Path] | None,
        typer.Option("--policy", help="a TOML file with a [retrain] section; may be repeated"),
    ] = None,
    keep: Annotated[
        Path | None, typer.Option("--keep", help="a folder that stays, where it goes on if stopped")
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option("--picture", help="where the picture goes, without an ending"),
    ] = None,
    config: Config = FILE,
    as_json: Json = False,
) -> int:
    """Let retraining policies decide in the past, and judge the lists that each would have served.

    Returns:
        0.
    """
    from flows.cli.look_back.screen import print_replay, replay_summary  # noqa: PLC0415
    from flows.steps.past.dates import PastDates  # noqa: PLC0415
    from flows.steps.past.policies import policies_of  # noqa: PLC0415
    from flows.steps.past.replay import replay as run_replay  # noqa: PLC0415

    dates = PastDates(
        parse_moment(first, "--from"), parse_moment(last, "--to"), parse_span(every, "--every")
    )
    place = picture or (keep or Path()) / "replay"
    # Before the work, which takes long.
    place.parent.mkdir(parents=True, exist_ok=True)
    with ProgressBars() as bars:
        session = open_session(config, bars=bars, read_only=True)
        policies = policies_of(session.config.retrain, policy or ())
        replayed = run_replay(session, dates, policies, keep)
    pictures = []
    if is_installed("dashboards"):
        from flows.steps.past.picture import draw_replay  # noqa: PLC0415

        pictures = draw_replay(replayed, place)
    if as_json:
        emit(replay_summary(replayed, pictures))
    else:
        print_replay(out, replayed, pictures)
    return 0


@verb
def judge(
    run: Run,
    on: Annotated[Path, typer.Option("--on", help="interactions that the run did not know")],
    config: Config = FILE,
    as_json: Json = False,
) -> int:
    """Judge the stored lists of a run by a file of held-out interactions.

    Returns:
        0.
    """
    from flows.cli.look_back.judgement import print_judgement  # noqa: PLC0415
    from flows.steps.realised.judge_file import judge_file  # noqa: PLC0415

    judgement = judge_file(open_session(config, read_only=True), run, on)
    if as_json:
        emit(judgement.as_dict())
    else:
        print_judgement(out, judgement)
    return 0
