"""A list made on request, by the live run, for somebody of whom it knows nothing."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from flows.session import Session
from flows.steps.item_files import with_titles
from flows.steps.run_damage import require_whole
from flows.steps.show.user_lists import live_run
from fusion.errors import ConfigError, DataError
from fusion.on_request.loaded_run import LoadedRun, load_run
from fusion.runs.run_folder import RunFolder, folder_of
from storage.reading.blocked_items import blocked_now


def requested_list(session: Session, *, items: Sequence[str] = (), text: str = "") -> pl.DataFrame:
    """Return a list for somebody new: by a few items that they like, or by a sentence.

    It has as many places as lists show, `[lists] size`.

    Args:
        session: the database and its placement.
        items: outside ids, the newest last.
        text: a sentence; exactly one of the two is given.

    Returns:
        run_id, rank, item_id, title, score, and of items source: what ranks the item best.

    Raises:
        ConfigError: not exactly one is given, or nothing is in it.
        UnknownName: an item that the run does not know.
        DataError: nothing is live, or its run folder is gone, damaged, or of an older release.
    """
    if bool(items) == bool(text):
        raise ConfigError("name items or a text, one of them")
    run = live_run(session)
    folder = folder_of(session.runs, run.run_id)
    if not folder.is_dir():
        raise DataError(
            f"the live run {run.run_id} has no folder in {session.runs}: only where runs are kept "
            "can a list be made on request"
        )
    blocks = blocked_now(session.engine, session.placement)
    # A block for one person says nothing of somebody new.
    without = blocks.filter(pl.col("user_id").is_null())["item_id"].to_list()
    loaded, k = _load(folder), session.config.lists.size
    rows = loaded.by_items(items, k, without) if items else loaded.by_text(text, k, without)
    named = with_titles(folder, rows)
    columns = ["rank", "item_id", "title", "score", *(["source"] if items else [])]
    return named.select(pl.lit(run.run_id).alias("run_id"), *columns)


def _load(folder: Path) -> LoadedRun:
    """Load a run whose files that will be read are whole."""
    run = RunFolder(folder)
    require_whole(folder, [run.catalogue.name, f"{run.ids.name}/{run.item_ids.name}"])
    return load_run(folder)
