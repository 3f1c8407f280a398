"""The screen of `fusion status`: what is live, and what waits for approval."""

from rich.console import Console
from rich.markup import escape

from flows.cli.screens.tables import describe_knowledge, to_minute
from flows.cli.terminal_text import one_line
from flows.steps.run_summaries import frozen_until
from storage.schema.row_objects import LiveRun


def print_live(console: Console, placement: str, live: LiveRun | None) -> None:
    """Show what is live in a placement and since when.

    Args:
        console: where to show it.
        placement: its name.
        live: what the live slot shows; None when nothing is live.
    """
    if live is None:
        sentence = f"Nothing is live in placement {placement!r}. `fusion run` trains and publishes."
        console.print(sentence, markup=False)
        return
    run = live.run
    name = escape(repr(placement))
    console.print(f"Live in placement {name}: {run_and_method(run.run_id, run.method)}.")
    console.print(_last_move(live), markup=False)
    console.print(f"  {describe_knowledge(run.as_of)}, trained {to_minute(run.created_at)} UTC")
    if run.verdict:
        ndcg = run.verdict["reported"]
        interval = f"[{ndcg['low']:.4f}, {ndcg['high']:.4f}]"
        console.print(f"  NDCG@10 {ndcg['value']:.4f} {interval} before it went live")
    # A freeze that has ended is no news.
    if frozen_until(live):
        until = to_minute(live.frozen_until)
        console.print(f"  [yellow]frozen until {until} UTC[/]; `fusion unfreeze` ends it")


def print_challenger(console: Console, challenger: LiveRun | None) -> None:
    """Show what waits for approval, and what to do with it.

    Args:
        console: where to show it.
        challenger: what the challenger's slot shows; None prints nothing.
    """
    if challenger is None:
        return
    run = challenger.run
    console.print(f"Challenger: {run_and_method(run.run_id, run.method)}.")
    console.print(_last_move(challenger), markup=False)
    console.print(
        "  Next: `fusion diff live challenger`, then `fusion approve` or `fusion reject --why TEXT`"
    )


def run_and_method(run_id: str, method: str | None) -> str:
    """Name a run with the method that made its lists, in Rich markup.

    Args:
        run_id: of the run.
        method: ranker, blend or a source; None for a run that failed.

    Returns:
        A part of a sentence.
    """
    return f"run [bold]{escape(run_id)}[/], lists by {escape(str(method))}"


def _last_move(slot: LiveRun) -> str:
    return one_line(f"  since {to_minute(slot.since)} UTC, by {slot.by}: {slot.reason or ''}")
