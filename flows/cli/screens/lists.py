"""The screen of `fusion show`: a user's list."""

import polars as pl
from rich.console import Console
from rich.markup import escape

from dashboards.language.catalogue import marked
from flows.cli.options.language import say, told
from flows.cli.screens.tables import describe_knowledge, plain_table
from flows.steps.show.user_lists import NOTHING_SHOWN, UNKNOWN, is_fallback
from flows.visible_text import one_line

STRANGER = marked(
    "The run does not know this user. Is the id misspelt? Whoever is new is shown this fallback."
)


def print_user_list(console: Console, user: str, rows: pl.DataFrame, origin: str = "") -> None:
    """Show a user's list with titles and the strongest reason for each item.

    Args:
        console: where to show it.
        user: the user's id.
        rows: from `flows.steps.show.user_lists.user_list`.
        origin: what the list was made of, from `origin_of` there.
    """
    print_list_title(console, user, rows)
    if rows.is_empty():
        return
    if origin:
        console.print(told(origin), markup=False)
    # A fallback has no reasons.
    why = () if is_fallback(rows) else (marked("why"),)
    table = plain_table(marked("rank>"), marked("item"), marked("title"), *why)
    for row in rows.iter_rows(named=True):
        cells = [str(row["rank"]), escape(row["item_id"]), escape(row.get("title") or "")]
        if why:
            # What a rule or a feature does has no source.
            source = f" ({row['source']} {row['source_rank']})" if row["source"] else ""
            cells.append(escape(told(row["reason"] or "") + source))
        table.add_row(*cells)
    console.print(table)


def print_requested_list(console: Console, wish: str, rows: pl.DataFrame) -> None:
    """Show a list made on request.

    Args:
        console: where to show it.
        wish: what it was made from: ids of items, or a sentence.
        rows: from `flows.steps.show.requested_list.requested_list`.
    """
    # Only such a list needs the extra `train`; the screen of a known user's does not.
    from fusion.on_request.co_likes import CO_LIKES  # noqa: PLC0415

    if rows.is_empty():
        nothing = say("For %(wish)s: nothing that may be listed", wish=wish)
        console.print(one_line(nothing), markup=False)
        return
    title = say("For %(wish)s, by run %(run)s, without training", wish=wish, run=rows["run_id"][0])
    console.print(one_line(title), markup=False, style="bold", soft_wrap=True)
    # What the same users like is one list, not one of several sources'.
    has_sources = "source" in rows.columns and set(rows["source"]) != {CO_LIKES}
    by_source = (marked("best by"),) if has_sources else ()
    table = plain_table(
        marked("rank>"), marked("item"), marked("title"), marked("score>"), *by_source
    )
    for row in rows.iter_rows(named=True):
        cells = [str(row["rank"]), escape(row["item_id"]), escape(row["title"] or "")]
        cells.append(f"{row['score']:.3f}")
        table.add_row(*cells, *([escape(row["source"])] if by_source else []))
    console.print(table)


def print_list_title(console: Console, user: str, rows: pl.DataFrame) -> None:
    """Say for whom a list is, by which run, and how the user is served.

    Args:
        console: where to say it.
        user: the user's id.
        rows: of the list; where there are none, the sentence says why.
    """
    title = one_line(f"{say('User %(user)s', user=user)}: {_describe_list(rows)}")
    console.print(title, markup=False, style="bold", soft_wrap=True)
    if not rows.is_empty() and rows["route"][0].startswith(UNKNOWN):
        console.print(say(STRANGER), markup=False)


def _describe_list(rows: pl.DataFrame) -> str:
    if rows.is_empty():
        return told(NOTHING_SHOWN)
    first = rows.row(0, named=True)
    run = say("run %(run)s", run=first["run_id"])
    return f"{run}, {told(first['route'])}, {describe_knowledge(first['as_of'])}"
