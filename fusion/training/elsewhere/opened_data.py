"""Data that was handed over, kept from one part to the next."""

from dataclasses import dataclass
from pathlib import Path

from fusion.data.dataset import Dataset
from fusion.data.on_disk.dataset_folder import open_dataset
from fusion.ranking.features.item_statistics import ItemStatistics

BYTES_PER_EVENT = 40
"""What is made of each interaction: its place by user, and by item and time, with its taker."""


@dataclass(frozen=True)
class OpenedData:
    """Known interactions, with what is computed of all of them.

    Attributes:
        known: the interactions; their order by user is kept with them.
        statistics: of their items.
    """

    known: Dataset
    statistics: ItemStatistics


_kept: dict[str, OpenedData] = {}
"""Of this process: of the last folder alone."""


def opened_data(folder: str) -> OpenedData:
    """Open data, unless the part before had the same: all of it is sorted only once.

    Args:
        folder: of `Handover.dataset`.
    """
    if folder not in _kept:
        _kept.clear()
        known = open_dataset(Path(folder))
        _kept[folder] = OpenedData(known, ItemStatistics(known))
    return _kept[folder]


def forget_data() -> None:
    """Let go of what is kept, before work that needs the memory for something else."""
    _kept.clear()
