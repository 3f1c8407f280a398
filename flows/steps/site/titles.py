"""Titles of items on pages."""

from collections.abc import Iterable

import polars as pl

from flows.session import Session
from flows.steps.item_files import with_titles
from fusion.runs.run_folder import folder_of
from storage.schema.row_objects import RunRow


def titles_of(session: Session, run: RunRow, items: Iterable[str]) -> dict[str, str | None]:
    """Return the titles of items, as the folder of a run has them.

    Args:
        session: the folder of runs.
        run: the run.
        items: outside ids, in any number.

    Returns:
        Outside id -> title; None where there is none.
    """
    frame = pl.DataFrame({"item_id": sorted(set(items))}, schema={"item_id": pl.String})
    named = with_titles(folder_of(session.runs, run.run_id), frame)
    return dict(named.select("item_id", "title").iter_rows())
