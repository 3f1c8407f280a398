"""What the dense top of the universal encoder reads of a text, and the weights of that top.

Everything below the top is frozen for good, so it is computed once a text and cached like vectors:
1,280 pooled numbers, from which a trained top makes vectors of its own.
"""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any, Never

import numpy as np

from fusion.core.arrays import Scores
from fusion.models.text.cached_encoding import EncodingOptions, encode_cached
from fusion.models.text.universal_encoder import Model, UniversalEncoder, load

TOP = ("cnn_W", "cnn_b", "d0", "d1", "d2", "d3", "p1", "p3")
"""Weights of the dense top, by their names in the package."""
UNIT = 16.0
"""A number that stands beside those of every text. The cache keeps vectors of length 1 in half
precision; by this one they get their length back, so it is neither far above nor below the others.
"""


@dataclass(frozen=True)
class PooledEncoder:
    """The universal encoder without its dense top, as an encoder of its own.

    Attributes:
        encoder: the whole one.
    """

    encoder: UniversalEncoder

    @cached_property
    def identity(self) -> str:
        """16 hex digits over all that decides the pooled numbers."""
        return sha256(f"pooled {UNIT} {self.encoder.identity}".encode()).hexdigest()[:16]

    def n_numbers(self) -> int:
        """Count the weights of the whole encoder."""
        return self.encoder.n_numbers()

    def unknown_share(self, texts: Sequence[str]) -> float | None:
        """Measure what the whole encoder cannot read of some texts.

        Args:
            texts: a sample.

        Returns:
            Share in [0, 1] of unknown tokens.
        """
        return self.encoder.unknown_share(texts)

    def encode(self, texts: Sequence[str]) -> Scores:
        """Pool texts; the numbers of one never depend on the texts beside it.

        Args:
            texts: (n,).

        Returns:
            (n, 1282) float32: sums of features over the root of the number of tokens, that root,
            and `UNIT`, which `pooled_texts` brings back to scale.

        Raises:
            ConfigError: the package is not installed, or carries other files.
        """
        return self.encoder.encode_by(texts, _pool)


def pooled_texts(texts: Sequence[str], options: EncodingOptions) -> Scores:
    """Return what the dense top reads of texts.

    Args:
        texts: (n,) in any order, repeats allowed.
        options: cores, cache and progress.

    Returns:
        (n, 1281) float32: sums of features over the root of the number of tokens, and that root.

    Raises:
        ConfigError: the package is not installed, or carries other files.
    """
    distinct = sorted(set(texts))
    row_of = {text: row for row, text in enumerate(distinct)}
    model = PooledEncoder(UniversalEncoder(options.threads))
    stored = encode_cached(model, distinct, options)
    pooled: Scores = (stored[:, :-1] / stored[:, -1:] * UNIT).astype(np.float32)
    return pooled[[row_of[text] for text in texts]]


def top_weights() -> dict[str, Scores]:
    """Return the frozen weights of the dense top.

    Raises:
        ConfigError: the package is not installed, or carries other files.
    """
    network = load().network
    return {name: getattr(network, name) for name in TOP}


class _Stop(Exception):
    """Carries the summed features (1, 1280) of a text out of the network."""

    def __init__(self, sums: Scores) -> None:
        super().__init__()
        self.sums = sums


class _StopHere:
    """Stand-in for the first weights of the dense top, at which the network is left.

    The package has no door to what lies below its top.
    """

    __array_ufunc__ = None
    """Has NumPy ask `__rmatmul__`."""

    def __rmatmul__(self, sums: Scores) -> Never:
        raise _Stop(sums)


def _pool(model: Model, tokens: list[int]) -> Scores:
    """Pool one text."""
    network: Any = copy(model.network)
    network.cnn_W = _StopHere()
    try:
        network.encode([tokens])
    except _Stop as stopped:
        sums = stopped.sums[0]
    root = np.float32(np.sqrt(len(tokens)))
    return np.append(sums / root, np.array([root, UNIT], np.float32))
