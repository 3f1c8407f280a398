"""Sentence-embedding models of sentence-transformers, whichever pooling and prefix they have."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from fusion.core.arrays import Rows, Scores, blocks, normalize_rows
from fusion.core.torch_runtime import one_thread
from fusion.models.text.model_folders import required_prefix

BATCH = 16
"""Texts of a batch, always: a short batch is filled up, since a float depends on the shape of the
array it was computed in.
"""
LENGTHS = 8
"""Lengths of texts in tokens are rounded up to a multiple of this, so that padding depends on the
text alone.
"""
DEFAULT_MAX_LENGTH = 512
"""Longest text in tokens where a model does not state one: as many positions as BERT has."""
MODEL_FILES = {".json", ".safetensors", ".bin", ".txt", ".model"}
"""Endings of files that decide what a model computes: configuration, weights, vocabulary."""


@dataclass(frozen=True)
class SentenceModel:
    """A sentence-embedding model; its weights are loaded when it first encodes.

    Attributes:
        folder: its files.
        device: "cpu" or "cuda".
        threads: cores to use.
    """

    folder: Path
    device: str = "cpu"
    threads: int = 1

    @cached_property
    def identity(self) -> str:
        """16 hex digits over all that decides a vector: files, libraries, device, batch shape."""
        shape = f"{self.device} {BATCH} {LENGTHS} {required_prefix(self.folder)}"
        hasher = sha256(shape.encode())
        for package in ("torch", "transformers", "sentence-transformers"):
            hasher.update(version(package).encode())
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and path.suffix in MODEL_FILES:
                hasher.update(path.relative_to(self.folder).as_posix().encode())
                hasher.update(path.read_bytes())
        return hasher.hexdigest()[:16]

    def n_numbers(self) -> int:
        """Count the weights of the model."""
        return sum(weights.numel() for weights in self._model.parameters())

    def unknown_share(self, texts: Sequence[str]) -> float | None:
        """Measure how much of some texts the model can read.

        Args:
            texts: a sample.

        Returns:
            Share in [0, 1] of their tokens that are unknown to the model; None where it has no
            tokenizer that can be asked.
        """
        from tokenizers import Tokenizer  # noqa: PLC0415 - comes with the extra

        config_file = self.folder / "tokenizer_config.json"
        tokenizer_file = self.folder / "tokenizer.json"
        if not config_file.is_file() or not tokenizer_file.is_file():
            return None
        unknown = json.loads(config_file.read_text("utf-8")).get("unk_token")
        if isinstance(unknown, dict):  # a token with options, such as how it is stripped
            unknown = unknown["content"]
        tokenizer = Tokenizer.from_file(str(tokenizer_file))
        tokenizer.no_padding()
        n_tokens = 0
        n_unknown = 0
        for encoding in tokenizer.encode_batch(list(texts), add_special_tokens=False):
            n_tokens += len(encoding.tokens)
            n_unknown += encoding.tokens.count(unknown)
        return n_unknown / n_tokens if n_tokens else 0.0

    def encode(self, texts: Sequence[str]) -> Scores:
        """Encode texts; a vector never depends on the texts beside it.

        Args:
            texts: (n,).

        Returns:
            Vectors (n, d) float32 of unit length; (0, 0) without texts.
        """
        if not len(texts):
            return np.zeros((0, 0), np.float32)
        prefix = self.prefix
        batches = list(self._batches([prefix + text for text in texts]))
        # Workers of one thread each: batches are independent, and threads inside a batch wait for
        # one another.
        with ThreadPoolExecutor(self.threads, initializer=one_thread) as workers:
            parts = list(workers.map(self._encode_batch, batches))
        vectors = np.empty((len(texts), parts[0].shape[1]), np.float32)
        for batch, part in zip(batches, parts, strict=True):
            vectors[batch.rows] = part
        return normalize_rows(vectors)

    def _batches(self, texts: Sequence[str]) -> Iterator["_Batch"]:
        """Group texts of one padded length into batches."""
        lengths = self._lengths(texts)
        for length in np.unique(lengths):
            members = np.flatnonzero(lengths == length).astype(np.int32)
            for part in blocks(len(members), BATCH):
                rows = members[part]
                yield _Batch(rows, [texts[row] for row in rows], int(length))

    def _lengths(self, texts: Sequence[str]) -> Rows:
        """Count the tokens of each text, rounded up to a multiple of `LENGTHS`."""
        longest = self._model.max_seq_length or DEFAULT_MAX_LENGTH
        tokenizer = self._model.tokenizer
        encoded = tokenizer(list(texts), truncation=True, max_length=longest, padding=False)
        counts = np.array([len(tokens) for tokens in encoded["input_ids"]], np.int32)
        rounded = -(-counts // LENGTHS) * LENGTHS
        return np.minimum(rounded, longest).astype(np.int32)

    def _encode_batch(self, batch: "_Batch") -> Scores:
        import torch  # noqa: PLC0415 - takes seconds to import

        full = batch.texts + [""] * (BATCH - len(batch.texts))
        tokens = self._model.tokenizer(
            full,
            return_tensors="pt",
            padding="max_length",
            max_length=batch.length,
            truncation=True,
        )
        inputs = {name: values.to(self._model.device) for name, values in tokens.items()}
        with torch.inference_mode():
            outputs = self._model(inputs)
        embeddings = outputs["sentence_embedding"][: len(batch.texts)]
        vectors: Scores = embeddings.float().cpu().numpy()
        return vectors

    @property
    def prefix(self) -> str:
        """What stands before every text: the prompt of the model's own files, or its family's."""
        model = self._model
        if model.default_prompt_name is not None:
            prompt: str = model.prompts[model.default_prompt_name]
            return prompt
        return required_prefix(self.folder)

    @cached_property
    def _model(self) -> Any:
        return self.loaded()

    def loaded(self) -> Any:
        """Load the model anew, for whoever changes it.

        Returns:
            A `SentenceTransformer` on the device, set to encode.
        """
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - takes seconds

        with _no_progress_bars():
            model = SentenceTransformer(str(self.folder), device=self.device, local_files_only=True)
        return model.eval()


@dataclass(frozen=True)
class _Batch:
    """Texts that are encoded together.

    Attributes:
        rows: (b,) int32 positions among all texts.
        texts: b texts, at most `BATCH`.
        length: tokens that each is padded to.
    """

    rows: Rows
    texts: list[str]
    length: int


@contextmanager
def _no_progress_bars() -> Iterator[None]:
    """Keep transformers from drawing a bar on stderr while it loads weights."""
    from transformers.utils import logging  # noqa: PLC0415 - comes with the extra

    bars: Any = logging  # untyped

    shown = bars.is_progress_bar_enabled()
    bars.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            bars.enable_progress_bar()
