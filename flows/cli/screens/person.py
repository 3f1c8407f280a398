"""The screen of `fusion person`: where something is held of a user."""

from rich.console import Console
from rich.markup import escape

from flows.cli.screens.tables import paragraph, plain_table
from flows.steps.person.export import PersonExport
from flows.visible_text import one_line


def print_person(console: Console, found: PersonExport) -> None:
    """Show the places that hold something of a user, and those that were not searched.

    Args:
        console: where to show it.
        found: everything that was found.
    """
    if found.held:
        table = plain_table("where", "rows, texts or files>")
        for place, count in found.held.items():
            table.add_row(place, f"{count:,}")
        console.print(f"Held of user {escape(repr(found.user))}:")
        console.print(table)
    else:
        console.print(f"Nothing is held of user {escape(repr(found.user))}.")
    for sentence in _standing(found):
        console.print(sentence)
    for place in found.unread:
        sentence = one_line(f"Could not be read, and may hold more: {place}")
        console.print(f"[yellow]{escape(sentence)}[/]")
    console.print("Not searched:")
    for place in found.not_searched:
        console.print(paragraph("  - ", place))


def _standing(found: PersonExport) -> list[str]:
    """Return sentences about how the user stands to later trainings."""
    sentences = []
    if found.data.opted_out:
        sentences.append("They opted out: later trainings leave them out.")
    if found.forgotten:
        sentences.append("They were forgotten: later trainings leave them out.")
    elif found.forgotten is None:
        sentences.append("Whether they were forgotten is known with FUSION_FORGET_KEY alone.")
    return sentences
