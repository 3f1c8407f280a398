"""Settings of `autoencoder` and `neural`, in a file of their own to be read without torch."""

from typing import Literal

from pydantic import Field

from fusion.core.settings import Settings, outside
from fusion.models.base.history_matrix import HistorySettings


class AutoencoderConfig(HistorySettings):
    """Settings of `autoencoder`."""

    size: int = Field(64, ge=2, le=1024, description="numbers in a user's and an item's vector")
    dropout: float = Field(
        0.5, ge=0, lt=1, description="share of a history that is dropped while training"
    )
    learning_rate: float = Field(
        8e-3,
        gt=0,
        le=1,
        description="Adam's first step size, falling evenly, to a fiftieth by the most steps",
    )
    batch: int = Field(128, ge=1, description="histories in a training step")
    steps: int | None = Field(
        None,
        ge=1,
        description="most training steps; how many are taken is found on hidden events. "
        "Default: 60 rounds through the histories, at least 300 and at most 2,000",
    )
    check: int = Field(
        50, ge=1, description="training steps between two looks at the hidden events"
    )
    patience: int = Field(
        5, ge=1, description="looks without a better one after which the search for steps ends"
    )
    seconds: float = Field(
        600.0, gt=0, description="safety cap on a fit; when it fires, the notes say at which step"
    )


class NeuralConfig(Settings):
    """Settings of `neural`."""

    size: int = Field(64, ge=2, le=1024, description="numbers in a user's and an item's vector")
    last: int = Field(50, ge=1, le=1000, description="newest items of a user that are read")
    encoder: str = Field(
        "auto",
        description='text: "none", "auto", "tfidf", or the name or the folder of an encoder',
        json_schema_extra=outside("encoder"),
    )
    loss: Literal["softmax", "mse"] = Field(
        "softmax",
        description="what is learned: softmax, which item comes next; "
        "mse, the weight of the next item (needs weights)",
    )
    dropout: float = Field(
        0.25, ge=0, lt=1, description="share of the sequence's numbers dropped while training"
    )
    id_dropout: float = Field(
        0.05, ge=0, lt=1, description="share of items known by their text alone while training"
    )
    id_bound: float | None = Field(
        None,
        gt=0,
        description="longest that the own part of an item with a text may be; default: any length",
    )
    learning_rate: float = Field(
        8e-3,
        gt=0,
        le=1,
        description="Adam's first step size, falling evenly, to a fiftieth by the most steps",
    )
    batch: int = Field(64, ge=1, description="sequences in a training step")
    negatives: int = Field(
        512, ge=1, description="items a step that stand for all others, drawn by count^0.75"
    )
    steps: int | None = Field(
        None,
        ge=1,
        description="most training steps; how many are taken is found on held-out tails. "
        "Default: 15 rounds through the data, at least 1,000 and at most 1,500",
    )
    check: int = Field(
        100, ge=1, description="training steps between two looks at the held-out tails"
    )
    patience: int = Field(
        5, ge=1, description="looks without a better one after which the search for steps ends"
    )
    seconds: float = Field(
        600.0, gt=0, description="safety cap on a fit; when it fires, the notes say at which step"
    )
