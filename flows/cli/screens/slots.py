"""The screen of `fusion status`: what is live, and what waits for approval."""

from rich.console import Console
from rich.markup import escape

from flows.cli.options.language import say, told
from flows.cli.screens.tables import describe_knowledge, to_minute
from flows.steps.run_summaries import frozen_until
from flows.visible_text import one_line
from storage.schema.row_objects import LiveRun


def print_live(console: Console, placement: str, live: LiveRun | None) -> None:
    """Show what is live in a placement and since when.

    Args:
        console: where to show it.
        placement: its name.
        live: what the live slot shows; None when nothing is live.
    """
    if live is None:
        sentence = say(
            "Nothing is live in placement %(placement)s. `fusion run` trains and publishes.",
            placement=repr(placement),
        )
        console.print(sentence, markup=False)
        return
    run = live.run
    name = escape(repr(placement))
    named = run_and_method(run.run_id, run.method)
    console.print(say("Live in placement %(placement)s: %(run)s.", placement=name, run=named))
    console.print(_last_move(live), markup=False)
    trained = say("trained %(time)s UTC", time=to_minute(run.created_at))
    console.print(f"  {describe_knowledge(run.as_of)}, {trained}")
    if run.verdict:
        ndcg = run.verdict["reported"]
        interval = f"[{ndcg['low']:.4f}, {ndcg['high']:.4f}]"
        figure = f"{ndcg['value']:.4f} {interval}"
        console.print("  " + say("NDCG@10 %(figure)s before it went live", figure=figure))
    # A freeze that has ended is no news.
    if frozen_until(live):
        until = say("frozen until %(time)s UTC", time=to_minute(live.frozen_until))
        console.print(f"  [yellow]{until}[/]; " + say("`fusion unfreeze` ends it"))


def print_challenger(console: Console, challenger: LiveRun | None) -> None:
    """Show what waits for approval, and what to do with it.

    Args:
        console: where to show it.
        challenger: what the challenger's slot shows; None prints nothing.
    """
    if challenger is None:
        return
    run = challenger.run
    console.print(say("Challenger: %(run)s.", run=run_and_method(run.run_id, run.method)))
    console.print(_last_move(challenger), markup=False)
    commands = say(
        "Next: `fusion diff live challenger`, then `fusion approve` or `fusion reject --why TEXT`"
    )
    console.print(f"  {commands}")


def run_and_method(run_id: str, method: str | None) -> str:
    """Name a run with the method that made its lists, in Rich markup.

    Args:
        run_id: of the run.
        method: ranker, blend or a source; None for a run that failed.

    Returns:
        A part of a sentence.
    """
    named = f"[bold]{escape(run_id)}[/]"
    return say("run %(run)s, lists by %(method)s", run=named, method=escape(str(method)))


def _last_move(slot: LiveRun) -> str:
    since = say("since %(time)s UTC, by %(by)s", time=to_minute(slot.since), by=slot.by)
    return one_line(f"  {since}: {told(slot.reason or '')}")
