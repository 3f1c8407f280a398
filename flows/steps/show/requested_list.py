"""A list made on request, by the live run, for somebody of whom it knows nothing."""

from collections.abc import Sequence

import polars as pl

from flows.session import Session
from flows.steps.item_files import with_titles
from flows.steps.run_damage import require_whole
from flows.steps.show.run_on_request import run_on_request
from fusion.errors import ConfigError
from fusion.runs.run_folder import RunFolder


def requested_list(session: Session, *, items: Sequence[str] = (), text: str = "") -> pl.DataFrame:
    """Return a list for somebody new: by a few items that they like, or by a sentence.

    It has as many places as lists show, `[lists] size`.

    Args:
        session: the database and its placement.
        items: outside ids, the newest last.
        text: a sentence; exactly one of the two is given.

    Returns:
        run_id, rank, item_id, title, score; of items source, too, as `LoadedRun.by_items` has it.

    Raises:
        ConfigError: not exactly one is given, or nothing is in it.
        UnknownName: an item that the run does not know.
        DataError: nothing is live, or its run folder is gone, damaged, or of an older release.
    """
    if bool(items) == bool(text):
        raise ConfigError("name items or a text, one of them")
    run = run_on_request(session)
    if items:
        require_whole(run.folder, [RunFolder(run.folder).co_likes.name])
    loaded, k, without = run.loaded, run.places, run.without
    rows = loaded.by_items(items, k, without) if items else loaded.by_text(text, k, without)
    named = with_titles(run.folder, rows)
    columns = ["rank", "item_id", "title", "score", *(["source"] if items else [])]
    return named.select(pl.lit(run.run_id).alias("run_id"), *columns)
