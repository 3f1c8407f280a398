"""The fit that another one begins from, as the process that makes that one has it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from fusion.core.arrays import State
from fusion.models.foreign.files import read_arrays
from fusion.runs.stages.runtime import Runtime


class EarlierFit(Protocol):
    """A fit that another one begins from."""

    @property
    def key(self) -> str:
        """The key of its stage."""

    @property
    def fold_name(self) -> str:
        """Name of the fold that it was made on."""

    def state(self, runtime: Runtime) -> State:
        """Return what it learned.

        Args:
            runtime: by which it is read.
        """


@dataclass(frozen=True)
class StoredFit:
    """An earlier fit, as another process is told of it.

    Attributes:
        key: of its stage.
        fold_name: the fold that it was made on.
        file: of its arrays, which were verified before.
    """

    key: str
    fold_name: str
    file: Path

    def state(self, runtime: Runtime) -> State:
        """Return what it learned.

        Args:
            runtime: not used: the arrays are there.
        """
        return read_arrays(self.file)
