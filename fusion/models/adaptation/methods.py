"""Ways to change the vectors of an encoder. Imports torch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from fusion.core.arrays import Rows, Scores, center_rows
from fusion.models.adaptation.settings import Schedule, TuneMode
from fusion.models.adaptation.vector_models import Adapter, DenseTop, VectorModel
from fusion.models.base.fit_context import FitContext
from fusion.models.text import universal_encoder
from fusion.models.text.encoder_choice import BY_CHARACTERS, named_model
from fusion.models.text.encoders import encoding_options
from fusion.models.text.universal_pooling import pooled_texts, top_weights

ADAPTER = Schedule(learning_rate=3e-3)
"""Of the adapter, whose steps are cheap: products of a batch's vectors with two thin matrices."""
DENSE_TOP = Schedule(learning_rate=1e-3, batch=256, most=400)
"""Of the layers of an encoder, through which every item of a batch goes anew."""


@dataclass(frozen=True)
class ItemTexts:
    """Texts of items and their frozen vectors.

    Attributes:
        items: (K,) int32 rows of the items with a text, ascending.
        texts: K texts.
        vectors: (K, d) float32 of unit length, as encoded.
        encoder: name of what encoded them, as it stands in notes.
    """

    items: Rows
    texts: Sequence[str]
    vectors: Scores
    encoder: str


@dataclass(frozen=True)
class Method:
    """A way to change vectors.

    Attributes:
        name: "adapter" or "lora".
        schedule: of its training.
        make: makes the model before its training, from a generator of first weights.
        why: it was taken.
    """

    name: str
    schedule: Schedule
    make: Callable[[torch.Generator], VectorModel]
    why: str


def method_for(mode: TuneMode, texts: ItemTexts, ctx: FitContext) -> Method:
    """Return the way that a setting stands for, with the encoder of some texts.

    Args:
        mode: "adapter", "lora" or "auto".
        texts: of the items.
        ctx: device, cores and cache of the encoder.

    Returns:
        The way; the adapter in place of layers where the encoder has none.

    Raises:
        ConfigError: the layers of this encoder cannot be trained here.
    """
    why = "set in the configuration"
    if mode == "lora" and texts.encoder == universal_encoder.PACKAGE:
        return Method("lora", DENSE_TOP, _dense_top(texts, ctx), why)
    if mode == "lora" and texts.encoder != BY_CHARACTERS:
        from fusion.models.adaptation.transformer import (  # noqa: PLC0415 - an extra
            TRANSFORMER,
            transformer_lora,
        )

        mean = texts.vectors.mean(axis=0)
        make = transformer_lora(texts.encoder, texts.texts, mean, ctx.device)
        return Method("lora", TRANSFORMER, make, why)
    if mode == "lora":
        why = f"{texts.encoder} has no layers that lora could change"
    frozen = center_rows(texts.vectors)
    return Method("adapter", ADAPTER, lambda chance: Adapter(frozen, chance), why)


def _dense_top(texts: ItemTexts, ctx: FitContext) -> Callable[[torch.Generator], VectorModel]:
    pooled = pooled_texts(texts.texts, encoding_options(ctx))
    weights = top_weights()
    mean = texts.vectors.mean(axis=0)
    return lambda chance: DenseTop(pooled, weights, mean, chance)


def encoder_numbers(encoder: str, ctx: FitContext) -> int:
    """Count the weights of an encoder, all of which stay as they are.

    Args:
        encoder: its name, as it stands in notes.
        ctx: device and cores of the encoder.

    Returns:
        How many; 0 for character n-grams, which are no model.
    """
    if encoder == BY_CHARACTERS:
        return 0
    return named_model(encoder, encoding_options(ctx)).n_numbers()
