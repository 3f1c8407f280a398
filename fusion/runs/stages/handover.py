"""What other processes read to make stages: datasets and arrays as files, each written once."""

from collections.abc import Iterable, Mapping
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
            data: any; one of the same content is written once.

        Returns:
            The folder, as `open_dataset` takes it.
        """
        # Priors are no part of the digest, since no source reads them, but tables do.
        priors = f"-{array_key(*_flags_of(data))}" if data.priors else ""
        place = self._folder / f"{data.digest}{priors}"
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
        # By their names too: the same values may be handed over as something else.
        place = self._folder / f"{array_key(_letters(arrays), *arrays.values())}.npz"
        with self._lock:
            if not place.exists():
                np.savez(place, allow_pickle=False, **arrays)
        return str(place)

    def mapped(self, values: NDArray[Any]) -> str:
        """Hand a large array over, of which each reader needs a part.

        Args:
            values: of any type and shape.

        Returns:
            The file, as `mapped_array` takes it.
        """
        place = self._folder / f"{array_key(values)}.npy"
        with self._lock:
            if not place.exists():
                np.save(place, values, allow_pickle=False)
        return str(place)


def _flags_of(data: Dataset) -> list[NDArray[Any]]:
    """Return what tells priors apart, their names included."""
    flags = [np.stack([prior.in_history, prior.concerned]) for prior in data.priors]
    return [_letters(prior.name for prior in data.priors), *flags]


def _letters(names: Iterable[str]) -> NDArray[np.uint8]:
    """Return names as an array, so that they count towards a key."""
    return np.frombuffer("\0".join(names).encode(), np.uint8)
