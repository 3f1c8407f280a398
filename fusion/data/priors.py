"""Rules of thumb as flags of items: who took some of these wants more, or less, of those."""

from dataclasses import dataclass, replace

from fusion.core.arrays import Flags


@dataclass(frozen=True)
class ItemPrior:
    """A rule of thumb about the I items of a dataset.

    Attributes:
        name: in the configuration.
        in_history: (I,) items that make a user one whom it is about.
        concerned: (I,) items that such users are thought to want more or less than others.
    """

    name: str
    in_history: Flags
    concerned: Flags

    def head(self, n_items: int) -> "ItemPrior":
        """Drop the last items.

        Args:
            n_items: items to keep, numbered from 0.

        Returns:
            The same rule about the others.
        """
        return replace(
            self, in_history=self.in_history[:n_items], concerned=self.concerned[:n_items]
        )
