"""The folder of a run: its name, how it appears, and the names of the files in it.

Light on purpose: commands that only look a run up import this and nothing that trains.
"""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from fusion.core.durable import rename_folder
from fusion.core.locks.drafts import draft_beside
from fusion.errors import DataError

RUN_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{6}")
"""Names of runs, as `new_run_id` makes them."""
IN_FILE = "in_file"
"""Column of the items' ids that says whether the items file names an item."""


@dataclass(frozen=True)
class ListFiles:
    """The files of lists that the stage of lists and a run folder both have.

    Attributes:
        path: the folder in which they stand.
    """

    path: Path

    @property
    def lists(self) -> Path:
        """Lists of users with a history: user, rank, item, score, source, source_rank."""
        return self.path / "lists.parquet"

    @property
    def served(self) -> Path:
        """Routes by which users are served: user, route, segment."""
        return self.path / "served.parquet"

    @property
    def fallback(self) -> Path:
        """Lists of segments, for users without a history: segment, rank, item, score."""
        return self.path / "fallback.parquet"

    @property
    def why(self) -> Path:
        """Explanations of shown items: user, item, source, source_rank, reason, gain."""
        return self.path / "why.parquet"


class ListsFolder(ListFiles):
    """The folder that the stage of lists makes."""

    @property
    def features(self) -> Path:
        """Features of a sample of users as they are served."""
        return self.path / "features.parquet"

    @property
    def features_before(self) -> Path:
        """Features of the same users in the verdict fold's table."""
        return self.path / "features_before.parquet"

    @property
    def twin(self) -> Path:
        """Lists of the same users by the twin ranker: user, rank, item."""
        return self.path / "twin.parquet"

    @property
    def first_places(self) -> Path:
        """First places of a sample of users, with standardised scores: user, rank, z."""
        return self.path / "first_places.parquet"

    @property
    def notes(self) -> Path:
        """Counts for the manifest: users explained and listed, rows that rules moved."""
        return self.path / "notes.json"


class RunFolder(ListFiles):
    """The folder of a finished run, `<artifacts>/<run id>`.

    Users and items are row numbers in every file but those of `ids/`, `quarantine/`, `titles` and
    `windows`, so that a person can be taken out.
    """

    @property
    def manifest(self) -> Path:
        """The manifest: inputs of the run, and the hash of every other file."""
        return self.path / "manifest.json"

    @property
    def ids(self) -> Path:
        """Folder of outside ids."""
        return self.path / "ids"

    @property
    def user_ids(self) -> Path:
        """Outside ids of users in the order of row numbers: user_id."""
        return self.ids / "users.parquet"

    @property
    def item_ids(self) -> Path:
        """Outside ids of items in the order of row numbers: item_id; in_file with an items file."""
        return self.ids / "items.parquet"

    @property
    def titles(self) -> Path:
        """Texts of items: item_id, title; missing where the data has none."""
        return self.path / "titles.parquet"

    @property
    def catalogue(self) -> Path:
        """What requests must know of items, by row number: text, categories, when to show them."""
        return self.path / "catalogue.parquet"

    @property
    def questions(self) -> Path:
        """What somebody new is asked, and what answers say of other items, by row number."""
        return self.path / "questions.parquet"

    @property
    def co_likes(self) -> Path:
        """Which items the same users like, by row number."""
        return self.path / "co_likes.parquet"

    @property
    def windows(self) -> Path:
        """Ends of availability: item_id, available_until; missing where the data has none."""
        return self.path / "windows.parquet"

    @property
    def history(self) -> Path:
        """Last events of served users: user, item, time, weight; missing without the setting."""
        return self.path / "history.parquet"

    @property
    def ranker(self) -> Path:
        """Folder of the serving ranker; missing where another method was chosen."""
        return self.path / "ranker"

    @property
    def quarantine(self) -> Path:
        """Folder of rows that the user's own checks put aside; missing where there were none."""
        return self.path / "quarantine"

    @property
    def monitor(self) -> Path:
        """Folder of what monitoring compares between runs."""
        return self.path / "monitor"

    @property
    def features(self) -> Path:
        """Features of a sample of users as they are served."""
        return self.monitor / "features.parquet"

    @property
    def features_before(self) -> Path:
        """Features of the same users in the verdict fold's table."""
        return self.monitor / "features_before.parquet"

    @property
    def twin(self) -> Path:
        """Lists of the same users by the twin ranker: user, rank, item."""
        return self.monitor / "twin.parquet"

    @property
    def samples_now(self) -> Path:
        """Folder of samples of all the data: users, items and interactions."""
        return self.monitor / "now"

    @property
    def samples_before(self) -> Path:
        """Folder of the same samples as things stood at the verdict's cut."""
        return self.monitor / "before"


def new_run_id(now: datetime | None = None) -> str:
    """Return a new name for a run that sorts by time, such as 20260131-235959-1a2b3c.

    Args:
        now: aware time in UTC; None is this moment.
    """
    return f"{now or datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def begun_at(run_id: str) -> datetime:
    """Return when a training began, which its id says to the second.

    Args:
        run_id: as `new_run_id` made it.
    """
    return datetime.strptime(run_id[:15], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)


def folder_of(root: Path, run_id: str) -> Path:
    """Return the folder of a run, which always lies directly in the folder of runs.

    The only way from an id to a path: ids come from SQL, where others may write too, and one such
    as `../../precious` would name any folder of the machine.

    Args:
        root: folder of runs.
        run_id: outside name of the run.

    Returns:
        Its folder, whether it is there or not.

    Raises:
        DataError: the id is none that a training gives, or a link leads out of the folder of runs.
    """
    if not RUN_ID.fullmatch(run_id):
        raise DataError(
            f"the database holds a run {run_id!r}, which is no id that a training gives (such as "
            "20260131-235959-1a2b3c): no folder is looked for under it. "
            "Somebody wrote into the table `run`; delete that row, or restore it from a backup"
        )
    folder = root / run_id
    if folder.resolve() != root.resolve() / run_id:
        raise DataError(
            f"run folder {folder} is a link to {folder.resolve()}, outside of {root.resolve()}: "
            "move the folder itself there, or all of it with [artifacts] path"
        )
    return folder


@contextmanager
def run_folder(root: Path, run_id: str) -> Iterator[Path]:
    """Open a folder to fill, which appears under the run's name only when it is whole.

    Args:
        root: folder of runs.
        run_id: a name from `new_run_id`.

    Yields:
        A draft beside it; its name begins with a dot, so that nothing takes it for a run.

    Raises:
        DataError: as in `folder_of`.
    """
    final = folder_of(root, run_id)
    with draft_beside(final) as draft:
        draft.mkdir()
        yield draft
        rename_folder(draft, final)
