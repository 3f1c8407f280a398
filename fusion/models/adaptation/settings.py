"""Settings of the adaptation of text vectors, readable without torch."""

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from fusion.models.mapping.item_fold import MAX_USERS
from fusion.models.text.encoder_choice import BY_CHARACTERS
from fusion.models.text.universal_encoder import PACKAGE

TuneMode = Literal["none", "adapter", "lora", "auto"]
"""What is trained: nothing; a low-rank change of the vectors; one of the encoder's own layers; or
whichever of nothing and the adapter ranks held-out items better.
"""
RANK = 16
"""Rank of the adapter: W = I + U V'."""
LORA_RANK = 8
"""Rank of the change of each layer of an encoder."""
TEMPERATURE = 0.1
"""Cosines are divided by it before the softmax: they lie in [-1, 1], where it could tell hardly
anything apart. Chosen among a few by new films of one draw; those of two others gain by it too.
"""


def tune_field(default: TuneMode) -> Any:
    """Declare the setting of a source that reads texts.

    Args:
        default: of this source.

    Returns:
        A pydantic field.
    """
    return Field(
        default,
        description="what of the text vectors is trained on behaviour: none, adapter, lora, or "
        'auto: the adapter where it certainly ranks held-out items better (extra "neural")',
    )


def extra_of(mode: TuneMode, encoder: str) -> str:
    """Name the extra that a fit needs for its training.

    Args:
        mode: what is trained.
        encoder: as configured.

    Returns:
        The extra; "" where nothing is trained.
    """
    if mode == "none":
        return ""
    has_own_layers = encoder in ("auto", BY_CHARACTERS, PACKAGE)
    return "finetune" if mode == "lora" and not has_own_layers else "neural"


def training_cost(mode: TuneMode) -> float:
    """Estimate what a training costs, whatever the data: its steps are bounded.

    Args:
        mode: what is trained.

    Returns:
        Seconds of one core, about.
    """
    return {"none": 0.0, "adapter": 25.0, "auto": 25.0, "lora": 80.0}[mode]


def training_bytes(mode: TuneMode, n_users: int, n_items: int, n_events: int) -> int:
    """Estimate the memory of a training.

    Args:
        mode: what is trained.
        n_users: users of the data.
        n_items: items of the data.
        n_events: interactions of the data.

    Returns:
        Bytes: pooled numbers and vectors of a look, pairs twice, the judges' labels.
    """
    if mode == "none":
        return 0
    numbers_of_item = 3 * 512 + (2 * 1282 if mode == "lora" else 0)
    labels = 8 * MAX_USERS * n_items // 5
    return 4 * numbers_of_item * n_items + 64 * n_events + 16 * n_users + labels


@dataclass(frozen=True)
class Schedule:
    """Steps of a training.

    Attributes:
        learning_rate: Adam's first step size, falling evenly to a fiftieth by the most steps.
        batch: pairs of a taste and the item that was taken next in a step.
        most: steps, at most; how many are taken is found on held-out items.
        check: steps between two looks at the held-out items.
        patience: looks without a better one after which the search ends.
    """

    learning_rate: float
    batch: int = 512
    most: int = 600
    check: int = 25
    patience: int = 4


@dataclass(frozen=True)
class Taste:
    """How a user's taste is made of their newest items.

    Attributes:
        last: newest items that count.
        half_life: items back after which an item counts half.
    """

    last: int
    half_life: float
