"""A run that is asked for lists of somebody new: its folder, loaded, and what is blocked now."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from flows.session import Session
from flows.steps.run_damage import require_whole
from flows.steps.show.user_lists import live_run
from fusion.errors import DataError
from fusion.on_request.loaded_run import LoadedRun, load_run
from fusion.runs.run_folder import RunFolder, folder_of
from storage.reading.blocked_items import blocked_now
from storage.runs.runs import find_run

LIVE = "live"


@dataclass(frozen=True)
class RunOnRequest:
    """A run that is asked for lists.

    Attributes:
        run_id: its name.
        folder: of the run.
        loaded: the run, loaded.
        without: outside ids of items that are blocked for everyone.
        places: of a list, `[lists] size`.
    """

    run_id: str
    folder: Path
    loaded: LoadedRun
    without: list[str]
    places: int


def run_on_request(session: Session, name: str = LIVE) -> RunOnRequest:
    """Load a run to answer for somebody new.

    Args:
        session: the database and its placement.
        name: a run's id, or `live` or `challenger`.

    Raises:
        UnknownName: there is no such run.
        ConfigError: the slot is empty.
        DataError: nothing is live, or the run folder is gone, damaged, or of an older release.
    """
    engine = session.engine
    run = live_run(session) if name == LIVE else find_run(engine, session.placement, name)
    folder = folder_of(session.runs, run.run_id)
    if not folder.is_dir():
        called = f"{name} run {run.run_id}" if name != run.run_id else f"run {run.run_id}"
        raise DataError(
            f"the {called} has no folder in {session.runs}: only where runs are kept can a list be "
            "made on request"
        )
    blocks = blocked_now(engine, session.placement)
    # A block for one person says nothing of somebody new.
    without = blocks.filter(pl.col("user_id").is_null())["item_id"].to_list()
    files = RunFolder(folder)
    require_whole(folder, [files.catalogue.name, f"{files.ids.name}/{files.item_ids.name}"])
    loaded = load_run(folder)
    return RunOnRequest(run.run_id, folder, loaded, without, session.config.lists.size)
