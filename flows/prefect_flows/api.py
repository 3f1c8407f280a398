"""The configured Prefect API, found without importing Prefect, which takes seconds."""

import os
import tomllib
from pathlib import Path

SETTING = "PREFECT_API_URL"


def configured() -> bool:
    """Return whether the environment or the active Prefect profile names an API."""
    if os.environ.get(SETTING):
        return True
    # The same places, in the same order, as Prefect's own settings.
    home = Path(os.environ.get("PREFECT_HOME", "~/.prefect")).expanduser()
    profiles_path = os.environ.get("PREFECT_PROFILES_PATH", home / "profiles.toml")
    try:
        content = tomllib.loads(Path(profiles_path).expanduser().read_text())
    except (OSError, tomllib.TOMLDecodeError):
        return False
    active = os.environ.get("PREFECT_PROFILE", content.get("active", ""))
    profile = content.get("profiles", {}).get(active, {})
    return bool(profile.get(SETTING))
