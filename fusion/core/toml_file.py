"""Read a TOML file that a person wrote."""

import tomllib
from pathlib import Path
from typing import Any

from fusion.errors import ConfigError


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
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise ConfigError(f"{path} is not valid TOML: {wrong}") from wrong
    except OSError as wrong:
        raise ConfigError(f"cannot read {path}: {wrong.strerror}") from wrong
    except RecursionError as wrong:
        raise ConfigError(f"{path} nests brackets too deeply to be read") from wrong
