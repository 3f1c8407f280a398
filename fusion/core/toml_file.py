"""Read a TOML file that a person wrote."""

import stat
import tomllib
from pathlib import Path
from typing import Any

from fusion.errors import ConfigError

MOST_BYTES = 16 * 2**20
"""Bytes of a file: far more than people write, and little enough to be read by mistake."""


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file in UTF-8; the mark that editors on Windows put first is passed over.

    Args:
        path: of the file.

    Returns:
        Its content.

    Raises:
        FileNotFoundError: it is not there; the caller knows what it is for, and the cure.
        ConfigError: it cannot be read, or is no TOML.
    """
    try:
        _require_small_file(path)
        return _parse(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise ConfigError(f"{path} is not valid TOML: {wrong}") from wrong
    except OSError as wrong:
        raise ConfigError(f"cannot read {path}: {wrong.strerror}") from wrong
    except RecursionError as wrong:
        raise ConfigError(f"{path} nests brackets too deeply to be read") from wrong


def _parse(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except ValueError as wrong:
        # Python's own limit, whose text is for programmers.
        reason = "it holds an integer of thousands of digits"
        raise tomllib.TOMLDecodeError(reason) from wrong


def _require_small_file(path: Path) -> None:
    """Raise ConfigError for what could be read without end."""
    status = path.stat()
    # A pipe waits for who writes to it; a device may go on for ever.
    if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
        raise ConfigError(f"{path} is a pipe, socket or device; write its text to a file")
    if status.st_size > MOST_BYTES:
        raise ConfigError(f"{path} is larger than {MOST_BYTES >> 20} MB: name a configuration")
