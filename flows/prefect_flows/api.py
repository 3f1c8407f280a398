"""Whether a Prefect API is configured, told without importing Prefect, which takes seconds."""

import os
import tomllib
from pathlib import Path

SETTING = "PREFECT_API_URL"


def configured() -> bool:
    """Whether the environment or the active Prefect profile names an API."""
    if os.environ.get(SETTING):
        return True
    home = Path(os.environ.get("PREFECT_HOME", "~/.prefect")).expanduser()
    file = Path(os.environ.get("PREFECT_PROFILES_PATH", home / "profiles.toml")).expanduser()
    try:
        content = tomllib.loads(file.read_text())
    except (OSError, tomllib.TOMLDecodeError):
        return False
    active = os.environ.get("PREFECT_PROFILE", content.get("active", ""))
    return bool(content.get("profiles", {}).get(active, {}).get(SETTING))
