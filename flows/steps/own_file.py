"""Files that a verb writes where it is told to: whole, and never in the place of others."""

from collections.abc import Callable
from pathlib import Path

from fusion.core.durable import replaced_by
from fusion.core.system_errors import disk_refused
from fusion.errors import ConfigError, cut_words


def write_own(file: Path, begin: str, what: str, make: Callable[[], str]) -> None:
    """Write a text to a file, which is replaced whole: whoever reads it never sees half of it.

    Args:
        file: which; its folder must exist.
        begin: text that every file of this kind begins with.
        what: such a file holds, for people.
        make: makes the text, once it is known that the file may be written.

    Raises:
        ConfigError: the file is there and holds something else, or cannot be written.
        OSError: the disk is full.
    """
    try:
        _require_own(file, begin, what)
        text = make()
        # A name of its own ending: what collects such files by theirs would read the draft, too.
        draft = file.with_name(f".{file.name}.draft")
        with replaced_by(draft, file):
            draft.write_text(text, encoding="utf-8")
    except OSError as error:
        if disk_refused(error):
            raise
        raise ConfigError(
            f"{cut_words(str(file))} cannot be written: {error.strerror}; name another file with "
            "--out"
        ) from error


def _require_own(file: Path, begin: str, what: str) -> None:
    """Refuse what holds something else: a slip of the hand must not replace data, or a device."""
    if not file.exists():
        return
    if not file.is_file():
        raise ConfigError(f"{file} is no file; name another with --out")
    with file.open("rb") as stream:
        found = stream.read(len(begin.encode()))
    if found and found != begin.encode():
        raise ConfigError(
            f"{file} is there and holds no {what}; name another file with --out, or remove it"
        )
