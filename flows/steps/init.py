"""`fusion init`: a commented configuration for the user's own files."""

from pathlib import Path

from fusion.errors import ConfigError
from fusion.ingest.guess.guess import guess
from fusion.ingest.guess.toml import write_config


def write(
    config: Path, interactions: str, items: str | None, users: str | None, force: bool
) -> list[str]:
    """Write `config` and give the sentences that say what was guessed and why.

    Files are named as seen from here and written down as seen from the configuration's folder.
    Raises ConfigError when `config` exists and `force` is not given.
    """
    if config.exists() and not force:
        raise ConfigError(f"{config} exists; --force overwrites it, --config writes another")
    base = config.resolve().parent
    places = [_from(place, base) for place in (interactions, items, users)]
    made = guess(str(places[0]), base, places[1], places[2])
    base.mkdir(parents=True, exist_ok=True)
    config.write_text(write_config(made), encoding="utf-8")
    return made.sentences


def _from(place: str | None, base: Path) -> str | None:
    """A path or glob as seen from `base`; absolute when it lies elsewhere."""
    if place is None:
        return None
    whole = Path.cwd() / place
    return str(whole.relative_to(base)) if whole.is_relative_to(base) else str(whole)
