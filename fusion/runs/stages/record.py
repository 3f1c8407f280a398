"""The record of a stage: sizes and checksums of its files, by which damage is noticed."""

import json
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from fusion.core.durable import replaced_by

RECORD = "files.json"
"""The file of a stage that holds size and checksum of every other one."""
KEY_DIGITS = 16
"""Hex digits of keys: 64 bits, so that a store of millions of stages has no two alike by chance."""
PART = 2**20
"""Bytes that are read at once."""


@dataclass(frozen=True)
class FileSum:
    """Size and checksum of a file.

    CRC-32 notices every flipped byte and all but one in four billion of other damages. It takes a
    fraction of the time of a cryptographic hash, which would guard against forgers: those could as
    well write the record anew.
    """

    bytes: int
    crc32: int

    @classmethod
    def of(cls, file: Path) -> "FileSum":
        """Return size and checksum of a file as it is now.

        Args:
            file: to read whole.

        Raises:
            OSError: it is missing or cannot be read.
        """
        size = checksum = 0
        with file.open("rb") as stream:
            while part := stream.read(PART):
                size += len(part)
                checksum = zlib.crc32(part, checksum)
        return cls(size, checksum)


def write_record(folder: Path) -> None:
    """Write the record of a stage's files.

    Args:
        folder: with all files of the stage.
    """
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    by_name = {file.relative_to(folder).as_posix(): file for file in files}
    (folder / RECORD).write_text(record_of(by_name), encoding="utf-8")


def record_of(files: Mapping[str, Path]) -> str:
    """Return the record of some files, as a stage would have it.

    Args:
        files: by relative path.
    """
    return _as_json({name: FileSum.of(file) for name, file in files.items()})


def read_record(folder: Path) -> dict[str, FileSum]:
    """Read the record of a stage's files.

    Args:
        folder: a finished stage.

    Returns:
        Relative path -> size and checksum; empty where the record is missing or damaged.
    """
    try:
        stored = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        sums = {str(name): FileSum(**each) for name, each in stored["files"].items()}
        return sums if stored["crc32"] == _own_checksum(sums) else {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def drop_file(folder: Path, name: str) -> None:
    """Remove a file of a stage, and what the record says of it.

    Args:
        folder: a finished stage.
        name: relative path of the file.
    """
    sums = read_record(folder)
    kept = {other: each for other, each in sums.items() if other != name}
    dropped = {*dropped_files(folder), name}
    # Aside, since a stage that is in use is never without its record, and before the file itself:
    # killed in between, nobody takes the stage for a damaged one.
    aside = folder / f"{RECORD}.new"
    with replaced_by(aside, folder / RECORD):
        aside.write_text(_as_json(kept, sorted(dropped)), encoding="utf-8")
    (folder / name).unlink(missing_ok=True)


def dropped_files(folder: Path) -> set[str]:
    """Return the files of a stage that were dropped.

    Args:
        folder: a finished stage.

    Returns:
        Relative paths; none where the record is missing or damaged.
    """
    if not read_record(folder):
        return set()
    stored = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    return set(stored.get("dropped", ()))


def damage_in(folder: Path, read_later: Collection[str] = (), sizes_only: bool = False) -> str:
    """Return what is wrong with the files of a stage, or nothing.

    Args:
        folder: a finished stage.
        read_later: relative paths of files of which only the size is compared.
        sizes_only: compare no more of any file.
    """
    sums = read_record(folder)
    if not sums:
        return f"{RECORD} cannot be read"
    for name, expected in sums.items():
        damage = _damage(folder / name, expected, sizes_only or name in read_later)
        if damage:
            return f"{name} {damage}"
    return ""


def damage_of_file(folder: Path, name: str) -> str:
    """Return what is wrong with one file of a stage, or nothing.

    Args:
        folder: a finished stage, the record of which names the file.
        name: relative path of the file.
    """
    damage = _damage(folder / name, read_record(folder)[name], size_only=False)
    return damage and f"{name} {damage}"


def _damage(file: Path, expected: FileSum, size_only: bool) -> str:
    """Damage of a file, as what a sentence says of it; empty where it is whole."""
    try:
        size = file.stat().st_size
        if size != expected.bytes:
            return f"has {size} bytes instead of {expected.bytes}"
        if not size_only and FileSum.of(file) != expected:
            return "does not have the content that was written"
    except OSError as failed:
        return f"cannot be read ({failed.strerror})"
    return ""


def _as_json(sums: dict[str, FileSum], dropped: Sequence[str] = ()) -> str:
    files = {name: asdict(each) for name, each in sums.items()}
    stored = {"crc32": _own_checksum(sums), "files": files}
    if dropped:
        stored["dropped"] = list(dropped)
    return json.dumps(stored, separators=(",", ":"))


def _own_checksum(sums: dict[str, FileSum]) -> int:
    """The checksum of a record, without which a damaged one would accuse whole files."""
    lines = [f"{name} {each.bytes} {each.crc32}" for name, each in sums.items()]
    return zlib.crc32("\n".join(lines).encode())
