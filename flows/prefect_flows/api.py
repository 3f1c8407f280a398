"""The configured Prefect API, found and asked without importing Prefect, which takes seconds."""

import os
import ssl
import tomllib
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

SETTING = "PREFECT_API_URL"
PATIENCE = 10.0
"""Seconds that a server has to answer whether it is there; a busy one takes one or two."""


def configured() -> bool:
    """Return whether environment, project files or the active Prefect profile name an API."""
    return bool(api_url())


def api_url() -> str:
    """Return the address that environment, project files or the active Prefect profile name.

    Returns:
        The address; empty where none is named.
    """
    # The same places, in the same order, as Prefect's own settings.
    return os.environ.get(SETTING) or _in_project() or _in_profile()


def is_reachable(url: str) -> bool:
    """Say whether a server answers at an address, whatever it answers.

    Args:
        url: of the API.

    Returns:
        False where nothing answers in time.
    """
    try:
        with urlopen(f"{url.rstrip('/')}/health", timeout=PATIENCE):
            return True
    except HTTPError:
        # It wants credentials, or has no such page: that is between Prefect and the server.
        return True
    except URLError as failure:
        # So are certificates: Prefect has settings of its own for them.
        return isinstance(failure.reason, ssl.SSLError)
    except (OSError, ValueError):
        return False


def _in_project() -> str:
    """Look into the files of the working folder that Prefect reads."""
    in_file = _in_env_file() if Path(".env").is_file() else ""
    if in_file:
        return in_file
    tables = (
        _read_toml(Path("prefect.toml")),
        _table(_read_toml(Path("pyproject.toml")), "tool", "prefect"),
    )
    urls = [str(_table(table, "api").get("url") or "") for table in tables]
    return next((url for url in urls if url), "")


def _in_env_file() -> str:
    from dotenv import dotenv_values  # noqa: PLC0415 - few have such a file

    try:
        return dotenv_values(".env").get(SETTING) or ""
    except (OSError, ValueError):
        # Not UTF-8: it may be a file of something else.
        return ""


def _in_profile() -> str:
    home = Path(os.environ.get("PREFECT_HOME", "~/.prefect"))
    content = _read_toml(Path(os.environ.get("PREFECT_PROFILES_PATH", home / "profiles.toml")))
    active = os.environ.get("PREFECT_PROFILE", content.get("active", ""))
    return str(_table(content, "profiles", str(active)).get(SETTING) or "")


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
