"""What the page of all items reads: a search of titles, and what is listed most."""

import polars as pl

from dashboards.pages.people.item_facts import ItemsFacts
from dashboards.pages.people.user_facts import NamedItem
from flows.session import Session
from flows.steps.run_damage import require_whole
from flows.steps.site.items.lists import lists_of
from flows.steps.site.titles import titles_of
from fusion.runs.run_folder import RunFolder, folder_of
from storage.reading.people.one_user import retained_runs
from storage.schema.row_objects import RunRow

MOST = 30
"""Items in each table."""


def items_facts(session: Session, run: RunRow, asked: str) -> ItemsFacts:
    """Search items, and return what is listed most.

    Args:
        session: the database and the folder of runs.
        run: the live run.
        asked: an id, or a part of a title; "" for no search.
    """
    (live,) = retained_runs(session.engine, session.placement, 1, run.run_no)
    folder = RunFolder(folder_of(session.runs, run.run_id))
    require_whole(folder.path, [folder.titles.name])
    matches = _matches(folder, asked) if asked and folder.titles.exists() else []
    most, n_lists = lists_of(session, live).most_listed(MOST)
    titles = titles_of(session, run, most["item_id"])
    listed = [(NamedItem(item, titles.get(item)), count) for item, count in most.iter_rows()]
    return ItemsFacts(
        run.run_id,
        matches[:MOST],
        len(matches) > MOST,
        listed,
        n_lists,
        folder.titles.exists(),
        bool(asked) and _is_item(folder, asked),
    )


def _matches(folder: RunFolder, asked: str) -> list[NamedItem]:
    """Return items whose title holds some words, in any case; one more than are shown."""
    title = pl.col("title").str.to_lowercase()
    holds = title.str.contains(asked.lower(), literal=True)
    found = pl.scan_parquet(folder.titles).filter(holds).head(MOST + 1).collect()
    return [NamedItem(item, text) for item, text in found.select("item_id", "title").iter_rows()]


def _is_item(folder: RunFolder, asked: str) -> bool:
    # Without the folder nothing tells ids from titles; the page of an item says what is known.
    if not folder.item_ids.exists():
        return True
    ids = pl.scan_parquet(folder.item_ids).filter(pl.col("item_id") == asked)
    return bool(ids.select(pl.len()).collect().item())
