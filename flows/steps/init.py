"""`fusion init`: a commented configuration for the user's own files."""

from pathlib import Path

from fusion.errors import ConfigError
from fusion.ingest.formats.file_search import is_url
from fusion.ingest.guess.guess import guess
from fusion.ingest.guess.toml import write_config


def write_first_config(
    config: Path, interactions: str, items: str | None, users: str | None, force: bool
) -> list[str]:
    """Write a configuration whose columns are guessed from the files.

    Files are named as seen from here and written down as seen from the configuration's folder.

    Args:
        config: the file to write.
        interactions: a CSV or Parquet file, folder or glob.
        items: a file that describes items, or None.
        users: a file that describes users, or None.
        force: overwrite the file.

    Returns:
        Sentences that say what was guessed and why.

    Raises:
        ConfigError: `config` exists and `force` is not given.
        DataError: the files cannot be read.
    """
    if config.exists() and not force:
        raise ConfigError(f"{config} exists; --force overwrites it, --config writes another")
    # A relative place in the file is read from the file's folder, not from here.
    base = config.resolve().parent
    guessed = guess(
        str(_relative_to(interactions, base)),
        base,
        _relative_to(items, base),
        _relative_to(users, base),
    )
    base.mkdir(parents=True, exist_ok=True)
    config.write_text(write_config(guessed), encoding="utf-8")
    return guessed.sentences


def _relative_to(place: str | None, base: Path) -> str | None:
    """Return a path or glob as seen from `base`; absolute when it lies elsewhere.

    A URL stays one, so that whoever looks for the file can say so.
    """
    if place is None or is_url(place):
        return place
    absolute = Path.cwd() / place
    if absolute.is_relative_to(base):
        return str(absolute.relative_to(base))
    return str(absolute)
