"""What a run asks somebody new, and the list from their answers."""

from collections.abc import Mapping

import polars as pl

from flows.steps.item_files import with_titles
from flows.steps.run_damage import require_whole
from flows.steps.show.run_on_request import RunOnRequest
from fusion.runs.run_folder import RunFolder


def questions_of(run: RunOnRequest, n: int | None = None) -> pl.DataFrame:
    """Return what to ask somebody new.

    Args:
        run: that is asked.
        n: questions; None as `LoadedRun.ask` has it.

    Returns:
        run_id, place, item_id, title, categories, liked_by, explained.

    Raises:
        ConfigError: n is not from 1 to the number of questions that the run has.
        DataError: it has none, or their file is damaged.
    """
    require_whole(run.folder, [RunFolder(run.folder).questions.name])
    return _named(run, run.loaded.ask(n, run.without))


def answered_list(
    run: RunOnRequest, answers: Mapping[str, bool | None], k: int | None = None
) -> pl.DataFrame:
    """Return the list of somebody who answered.

    Args:
        run: that is asked.
        answers: outside id of an item -> whether they like it; None: they do not know it.
        k: places of the list; None is `[lists] size`.

    Returns:
        run_id, rank, item_id, title, score.

    Raises:
        ConfigError: k is no number of places.
        UnknownName: an id that no question is about.
        DataError: the run has no questions, or their file is damaged.
    """
    require_whole(run.folder, [RunFolder(run.folder).questions.name])
    rows = run.loaded.by_answers(answers, run.places if k is None else k, run.without)
    return _named(run, with_titles(run.folder, rows).select("rank", "item_id", "title", "score"))


def _named(run: RunOnRequest, rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(pl.lit(run.run_id).alias("run_id"), pl.all())
