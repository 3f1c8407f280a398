"""Folders that keep a fold's table or a ranker, with the names of their files."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class TableFolder:
    """The folder of one fold's table: its candidates and what the fold is judged by.

    Attributes:
        path: the folder, as the stage cache hands it out.
    """

    path: Path

    @property
    def candidates(self) -> Path:
        """User, item, label and features of every candidate, as Parquet."""
        return self.path / "table.parquet"

    @property
    def source_lists(self) -> Path:
        """Each source's own list of every user, as NumPy arrays."""
        return self.path / "lists.npz"

    @property
    def predicted_ratings(self) -> Path:
        """Weights that sources predict for held-out interactions; no file where none predicts."""
        return self.path / "predicted_ratings.parquet"


@dataclass(frozen=True)
class RankerFolder:
    """The folder of one fitted ranker.

    Attributes:
        path: the folder, as the stage cache hands it out.
    """

    path: Path

    def booster(self, index: int) -> Path:
        """Return the file of one booster, in LightGBM's text format.

        Args:
            index: which booster of the ranker, from 0.
        """
        return self.path / f"ranker-{index}.txt"

    def boosters(self) -> list[Path]:
        """Return the files of all boosters that are there, in their order."""
        files = self.path.glob(self.booster(0).name.replace("0", "*"))
        # By number, since "ranker-10" comes before "ranker-2" as text.
        return sorted(files, key=lambda file: int(file.stem.split("-")[1]))

    @property
    def columns(self) -> Path:
        """Names of the columns that the boosters read, as a JSON list."""
        return self.path / "columns.json"

    @property
    def source_prior(self) -> Path:
        """The source prior as JSON, null for a ranker without one."""
        return self.path / "source_prior.json"

    @property
    def settings(self) -> Path:
        """The settings it was fitted with, open ones filled in; `trees` is how many it has."""
        return self.path / "settings.json"


@dataclass(frozen=True)
class SourceKeys:
    """Names under which a file keeps something of each source beside its other parts.

    A prefix sets them apart: a source may be called like another part of the file, such as "users".

    Attributes:
        prefix: text before the source's name; no other part of the file begins with it.
    """

    prefix: str

    def key(self, source: str) -> str:
        """Return the name under which a file keeps what is of `source`.

        Args:
            source: name of a source as configured.
        """
        return self.prefix + source

    def sources(self, names: Iterable[str]) -> dict[str, str]:
        """Return each source's key among the names in a file, in their order.

        Args:
            names: all names in the file.

        Returns:
            Source name -> its key; names of other parts are left out.
        """
        keys = [name for name in names if name.startswith(self.prefix)]
        return {key.removeprefix(self.prefix): key for key in keys}
