"""A case: how a message comes about, and the cures that it names."""

from dataclasses import dataclass, field

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


@dataclass(frozen=True)
class Refusal:
    """A verb that ends with a message, and what the message says to do.

    Attributes:
        site: that makes the message, a name of `sites()`.
        says: words of the message that tell what to do.
        plant: brings the message about.
        do: what is told; nothing where `then` is all of it.
        words: the verb with its options.
        then: what is typed afterwards; by default the same.
        env: variables of the environment.
        then_env: those of afterwards; by default the same.
    """

    site: str
    says: str
    plant: Change = lambda shelf: None
    do: Change = lambda shelf: None
    words: tuple[str, ...] = ("train",)
    then: tuple[str, ...] | None = None
    env: dict[str, str] = field(default_factory=dict)
    then_env: dict[str, str] | None = None


__all__ = ["Case", "Change", "Cure", "Refusal", "Shelf"]
