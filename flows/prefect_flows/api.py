"""The configured Prefect API, found without importing Prefect, which takes seconds."""

import os
import tomllib
from pathlib import Path
from typing import Any

SETTING = "PREFECT_API_URL"


def configured() -> bool:
    """Return whether environment, project files or the active Prefect profile name an API."""
    # The same places, in the same order, as Prefect's own settings.
    return bool(os.environ.get(SETTING)) or _in_project() or _in_profile()


def _in_project() -> bool:
    """Look into the files of the working folder that Prefect reads."""
    if Path(".env").is_file() and _in_env_file():
        return True
    tables = (
        _read_toml(Path("prefect.toml")),
        _table(_read_toml(Path("pyproject.toml")), "tool", "prefect"),
    )
    return any(_table(table, "api").get("url") for table in tables)


def _in_env_file() -> bool:
    from dotenv import dotenv_values  # noqa: PLC0415 - few have such a file

    try:
        return bool(dotenv_values(".env").get(SETTING))
    except (OSError, ValueError):
        # Not UTF-8: it may be a file of something else.
        return False


def _in_profile() -> bool:
    home = Path(os.environ.get("PREFECT_HOME", "~/.prefect"))
    content = _read_toml(Path(os.environ.get("PREFECT_PROFILES_PATH", home / "profiles.toml")))
    active = os.environ.get("PREFECT_PROFILE", content.get("active", ""))
    return bool(_table(content, "profiles", str(active)).get(SETTING))


def _read_toml(file: Path) -> dict[str, Any]:
    """Read a file that may be somebody else's: one that cannot be read names no API."""
    try:
        return tomllib.loads(file.expanduser().read_text(encoding="utf-8"))
    # No home (RuntimeError, and RecursionError for deep brackets); no UTF-8, no TOML, NUL in a name
    # (all ValueError).
    except (OSError, ValueError, RuntimeError):
        return {}


def _table(content: dict[str, Any], *keys: str) -> dict[str, Any]:
    """Return the table that keys lead to; an empty one where there is something else."""
    for key in keys:
        inner = content.get(key)
        content = inner if isinstance(inner, dict) else {}
    return content
