"""`fusion check --profile`: which items and users hold the events, with bars."""

from itertools import groupby

from rich.console import Console
from rich.text import Text

from flows.cli.screens.tables import plain_table
from flows.visible_text import one_line
from fusion.data.balance import Balance, GroupShare

COUNTED = {"vectors": "numbers of vectors", "facts": "facts of", "queries": "queries"}
"""What is counted of each kind of knowledge."""
BAR = 24
"""Characters of a whole bar."""


def print_balance(console: Console, balance: Balance) -> None:
    """Show how evenly events are spread, and what the live lists make of it.

    Args:
        console: where to show it.
        balance: of the data and the lists.
    """
    console.print()
    console.print(
        f"{balance.events:,} interactions of {balance.users:,} users with {balance.items:,} items: "
        f"{balance.density:.2%} of all pairs; {balance.liked:.1%} are liked.",
        f"The most popular hundredth of the items holds {balance.head:.1%} of the events, the less "
        f"popular half {balance.tail:.1%}.",
        sep="\n",
        markup=False,
        highlight=False,
    )
    if balance.coverage:
        table = plain_table("known besides", "count>", "of", "share>")
        for one in balance.coverage:
            name = f"{COUNTED[one.what]} {one.name}".strip()
            table.add_row(Text(one_line(name)), f"{one.count:,}", one.of, f"{one.members:.1%}")
        console.print()
        console.print(table)
    for (of, by), groups in groupby(balance.groups, lambda one: (one.of, one.by)):
        _print_groups(console, f"{of.capitalize()} by {by}", list(groups))


def _print_groups(console: Console, title: str, groups: list[GroupShare]) -> None:
    """Show a table of groups; bars are drawn beside the largest share of the table."""
    is_listed = any(one.places is not None for one in groups)
    columns = ["group", f"{groups[0].of}>", "events>", "", *(["listed>", ""] if is_listed else [])]
    table = plain_table(*columns, title=one_line(title))
    most = max(max(one.events, one.places or 0.0) for one in groups) or 1.0
    for one in groups:
        cells: list[Text | str] = [Text(one_line(one.group)), f"{one.members:.1%}"]
        for share in [one.events, *([one.places or 0.0] if is_listed else [])]:
            cells += [f"{share:.1%}", Text("\u2588" * round(BAR * share / most), style="cyan")]
        table.add_row(*cells)
    console.print()
    console.print(table)
