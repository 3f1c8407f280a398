"""What other processes read to make stages: datasets and arrays as files, each written once."""

from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fusion.data.dataset import Dataset
from fusion.data.on_disk.dataset_folder import write_dataset
from fusion.runs.stages.keys import array_key


class Handover:
    """A folder of what was handed over, which every worker sees; it goes when a training ends."""

    def __init__(self, folder: Path) -> None:
        """Hand nothing over yet.

        Args:
            folder: empty.
        """
        self._folder = folder.absolute()
        self._lock = Lock()

    def dataset(self, data: Dataset) -> str:
        """Hand a dataset over.

        Args:
            data: any; one of the same digest is written once, whatever its priors, which no source
                reads.

        Returns:
            The folder, as `open_dataset` takes it.
        """
        place = self._folder / data.digest
        # One after the other: they are written to one disk.
        with self._lock:
            if not place.exists():
                place.mkdir()
                write_dataset(place, data)
        return str(place)

    def arrays(self, arrays: Mapping[str, NDArray[Any]]) -> str:
        """Hand arrays over.

        Args:
            arrays: by name.

        Returns:
            The file, as `read_arrays` takes it.
        """
        place = self._folder / f"{array_key(*arrays.values())}.npz"
        with self._lock:
            if not place.exists():
                np.savez(place, allow_pickle=False, **arrays)
        return str(place)
