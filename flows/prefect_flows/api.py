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
    if Path(".env").is_file():
        from dotenv import dotenv_values  # noqa: PLC0415 - few have such a file

        if dotenv_values(".env").get(SETTING):
            return True
    tables = (
        _read_toml(Path("prefect.toml")),
        _read_toml(Path("pyproject.toml")).get("tool", {}).get("prefect", {}),
    )
    return any(table.get("api", {}).get("url") for table in tables)


def _in_profile() -> bool:
    home = Path(os.environ.get("PREFECT_HOME", "~/.prefect")).expanduser()
    profiles_path = os.environ.get("PREFECT_PROFILES_PATH", home / "profiles.toml")
    content = _read_toml(Path(profiles_path).expanduser())
    active = os.environ.get("PREFECT_PROFILE", content.get("active", ""))
    profile = content.get("profiles", {}).get(active, {})
    return bool(profile.get(SETTING))


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}
