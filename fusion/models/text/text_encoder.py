"""The contract of an encoder: what the choice, the cache and the sources know of a model."""

from collections.abc import Sequence
from typing import Protocol

from fusion.core.arrays import Scores


class TextEncoder(Protocol):
    """A frozen model that turns a text into a vector by the text alone."""

    @property
    def identity(self) -> str:
        """16 hex digits over all that decides a vector, such as weights and library versions."""

    def unknown_share(self, texts: Sequence[str]) -> float | None:
        """Measure how much of some texts the model cannot read.

        Args:
            texts: a sample.

        Returns:
            Share in [0, 1] of their tokens that are unknown to the model; None where it has no
            tokenizer that can be asked.
        """

    def encode(self, texts: Sequence[str]) -> Scores:
        """Encode texts; a vector never depends on the texts beside it.

        Args:
            texts: (n,).

        Returns:
            Vectors (n, d) float32 of unit length; (0, 0) without texts.
        """

    def n_numbers(self) -> int:
        """Count the weights of the model."""
