"""The choice of an encoder: which one can read the texts, and whether it is whole."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fusion.core.extras import is_installed
from fusion.core.torch_runtime import usable_device
from fusion.errors import ConfigError, install_hint
from fusion.models.text import model_folders, universal_encoder
from fusion.models.text.cached_encoding import EncodingOptions
from fusion.models.text.model_folders import bundled_model, find_model
from fusion.models.text.sentence_model import SentenceModel
from fusion.models.text.text_encoder import TextEncoder
from fusion.models.text.universal_encoder import UniversalEncoder

log = logging.getLogger(__name__)

UNKNOWN_LIMIT = 0.1
"""Share of unknown tokens above which a model cannot read the texts.

Chinese has over a third for a model that reads English alone.
"""
SAMPLE = 2000
"""Texts by which the share of unknown tokens is estimated."""
BY_CHARACTERS = "tfidf"
"""Name of the character n-grams in configurations and notes."""
AUTO = (universal_encoder.PACKAGE, model_folders.BUNDLED)
"""Encoders that "auto" tries, in this order; the first one that can read the texts is taken."""

Note = dict[str, str | int | float | bool]
"""Facts about a fit for the manifest."""


@dataclass(frozen=True)
class Choice:
    """An encoder, and why it was chosen.

    Attributes:
        model: that shall encode; None for character n-grams.
        note: `encoder`, `encoder_why` and, for a model, `unknown_tokens`.
    """

    model: TextEncoder | None
    note: Note


def choose(texts: Sequence[str], encoder: str, options: EncodingOptions) -> Choice:
    """Choose the encoder of texts.

    Args:
        texts: (n,) distinct texts.
        encoder: "auto", "tfidf", one of `AUTO`, or a sentence-transformers name or folder.
        options: device and cores of the model.

    Returns:
        The encoder and the reason.

    Raises:
        ConfigError: the named model is not on this machine, or has other weights than it should.
    """
    if encoder == BY_CHARACTERS:
        return Choice(None, {"encoder": encoder, "encoder_why": "set in the configuration"})
    every = max(1, len(texts) // SAMPLE)
    sample = texts[::every]
    if encoder == "auto":
        return _choose_by_reading(sample, options)
    model = named_model(encoder, options)
    unknown = model.unknown_share(sample)
    # A model that was named is used even so: somebody chose it.
    if unknown is not None and unknown > UNKNOWN_LIMIT:
        percent = 100 * unknown
        log.warning(
            "encoder %s does not know %.0f %% of the tokens; set encoder = 'tfidf'",
            encoder,
            percent,
        )
    note: Note = {"encoder": encoder, "encoder_why": "set in the configuration"}
    if unknown is not None:
        note["unknown_tokens"] = round(unknown, 4)
    return Choice(model, note)


def _choose_by_reading(sample: Sequence[str], options: EncodingOptions) -> Choice:
    """Take the first installed encoder that knows enough of the sample's tokens."""
    installed = [name for name in AUTO if _is_installed(name)]
    if not installed:
        why = f"no encoder is installed; to have one: {install_hint(['text'])}"
        return Choice(None, {"encoder": BY_CHARACTERS, "encoder_why": why})
    reasons = []
    shares = []
    for name in installed:
        model = named_model(name, options)
        unknown = model.unknown_share(sample) or 0.0
        reasons.append(f"{unknown:.1%} of the tokens are unknown to {name}")
        shares.append(round(unknown, 4))
        if unknown <= UNKNOWN_LIMIT:
            why = _reason(reasons)
            note: Note = {"encoder": name, "encoder_why": why, "unknown_tokens": shares[-1]}
            return Choice(model, note)
    why = _reason(reasons)
    log.warning("no encoder can read these texts: %s; taking character n-grams", why)
    note = {"encoder": BY_CHARACTERS, "encoder_why": why, "unknown_tokens": min(shares)}
    return Choice(None, note)


def _reason(reasons: Sequence[str]) -> str:
    return f"{'; '.join(reasons)}; at most {UNKNOWN_LIMIT:.0%} may be"


def _is_installed(name: str) -> bool:
    """Tell whether an encoder of `AUTO` is on this machine."""
    if name == universal_encoder.PACKAGE:
        return is_installed(universal_encoder.EXTRA)
    return bundled_model() is not None


def named_model(name: str, options: EncodingOptions) -> TextEncoder:
    """Make a named model, its weights not loaded yet.

    Args:
        name: one of `AUTO`, or a sentence-transformers name or folder.
        options: device and cores of the model.

    Returns:
        The encoder.

    Raises:
        ConfigError: it is not on this machine.
    """
    if name == universal_encoder.PACKAGE:
        return UniversalEncoder(options.threads)
    folder = find_model(name)
    return SentenceModel(folder, usable_device(options.device), options.threads)


def encoder_identity(encoder: str) -> str:
    """Identify the models that `encode` may use on this machine.

    Args:
        encoder: as for `choose`, or "none".

    Returns:
        16 hex digits a model; "" where none is used, or the named one is missing.
    """
    if encoder in ("none", BY_CHARACTERS):
        return ""
    names = [name for name in AUTO if _is_installed(name)] if encoder == "auto" else [encoder]
    try:
        return "".join(_identity(name) for name in names)
    except ConfigError:
        # Only an identity is asked for; whoever encodes with the missing model gets the error.
        return ""


def _identity(name: str) -> str:
    if name == universal_encoder.PACKAGE:
        return UniversalEncoder().identity if is_installed(universal_encoder.EXTRA) else ""
    return _identity_of_folder(find_model(name))


# Hashing a model's files takes a while, and every key of a fit asks for it.
@cache
def _identity_of_folder(folder: Path) -> str:
    return SentenceModel(folder).identity


def require_encoder(encoder: str) -> None:
    """See that the models that `encode` may use are whole and encode.

    Args:
        encoder: as for `choose`, or "none".

    Raises:
        ConfigError: the named model is not on this machine, or cannot be used; the installed
            weights are not those that were tested.
    """
    if encoder in ("auto", universal_encoder.PACKAGE):
        # "auto" works on any machine without it: it falls back to "tfidf".
        if encoder != "auto" or is_installed(universal_encoder.EXTRA):
            universal_encoder.verified_files()
        return
    if encoder in ("none", BY_CHARACTERS):
        return
    folder = find_model(encoder)
    try:
        SentenceModel(folder).encode(["a text"])
    # Whatever the libraries that load a model raise: its files may lack anything.
    except Exception as broken:
        raise ConfigError(
            f"encoder {encoder!r}: the model in {folder} cannot be used "
            f"({type(broken).__name__}: {' '.join(str(broken).split())[:200]}); fetch it anew, or "
            "set encoder = 'auto' or 'tfidf'."
        ) from broken
