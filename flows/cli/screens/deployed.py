"""The screen of `fusion deploy`: what a work pool runs now."""

from rich.console import Console
from rich.markup import escape

from flows.cli.screens.tables import plain_table
from flows.prefect_flows.registered import Deployed, Registered


def print_deployed(console: Console, deployed: Deployed) -> None:
    """Show the deployments of a pool, and how a worker is started.

    Args:
        console: where to show it.
        deployed: what was registered.
    """
    pool = escape(repr(deployed.pool))
    if deployed.made:
        console.print(f"Made work pool {pool} of type {deployed.type}.")
    table = plain_table("deployment", "started by")
    for one in deployed.deployments:
        table.add_row(escape(one.name), escape(_starters(one)))
    console.print(table)
    console.print(f"Next: `prefect worker start --pool {deployed.pool}`", markup=False)


def _starters(one: Registered) -> str:
    starters = [f"event {name}" for name in one.events]
    if one.cron:
        starters.append(f"cron {one.cron} ({one.timezone})")
    return "; ".join(starters) or "hand"
