"""A case: how a message comes about, and the cures that it names."""

from dataclasses import dataclass

from tests.flows.cures.shelf import Change, Shelf


@dataclass(frozen=True)
class Cure:
    """What a message tells people to do.

    Attributes:
        says: words of the message.
        do: what they tell to do.
    """

    says: str
    do: Change


@dataclass(frozen=True, init=False)
class Case:
    """A fault, and each cure that its message names.

    Attributes:
        plant: makes the fault.
        cures: one or more.
    """

    plant: Change
    cures: tuple[Cure, ...]

    def __init__(self, plant: Change, *cures: Cure) -> None:
        object.__setattr__(self, "plant", plant)
        object.__setattr__(self, "cures", cures)


__all__ = ["Case", "Change", "Cure", "Shelf"]
