"""The file `manifest.json` of a run folder: written, read, and compared with the other files."""

import json
from collections.abc import Mapping
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

from fusion.errors import DataError
from fusion.masking import mask_all
from fusion.runs.manifest import Manifest
from fusion.runs.run_folder import RunFolder

CHECKSUM = "checksum"
"""Last key of the file: SHA-256 of all others, sorted. No other file holds its hash."""


def write_manifest(folder: Path, manifest: Manifest) -> Manifest:
    """Add the hashes of the folder's files to a manifest and write `manifest.json`.

    Args:
        folder: the run folder, all other files of which are written.
        manifest: everything but `files`.

    Returns:
        The manifest as written, with `files`.
    """
    whole = manifest.model_copy(update={"files": file_hashes(folder)})
    text = as_summed_text(mask_all(whole.as_json()))
    RunFolder(folder).manifest.write_text(text, encoding="utf-8")
    return whole


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read a run folder's `manifest.json` as the JSON object it is.

    Args:
        folder: a finished run folder.

    Returns:
        The object as written, whatever release wrote it; `Manifest.of` gives it types.

    Raises:
        DataError: it is no JSON, or not what was written.
    """
    file = RunFolder(folder).manifest
    try:
        content: dict[str, Any] = from_summed_text(file.read_text(encoding="utf-8"))
    except ValueError as error:  # of JSON, of UTF-8 and of the checksum
        raise DataError(
            f"{file} cannot be read. Put the run folder back from a backup, or remove it: the "
            "run's lists in SQL stay. `fusion check --store` names every damaged folder"
        ) from error
    return content


def file_hashes(folder: Path) -> dict[str, dict[str, str | int]]:
    """Return the hash and size of every file below a folder but its manifest.

    Args:
        folder: a run folder, or one that is being written.

    Returns:
        Relative path -> {"sha256": hex digits, "bytes": size}, by path.
    """
    manifest = RunFolder(folder).manifest.name
    hashes: dict[str, dict[str, str | int]] = {}
    for file in sorted(folder.rglob("*")):
        if file.is_file() and file.name != manifest:
            hashes[file.relative_to(folder).as_posix()] = file_hash(file)
    return hashes


def file_hash(file: Path) -> dict[str, str | int]:
    """Return the hash and size of a file, as the manifest has them.

    Args:
        file: to read whole.
    """
    with file.open("rb") as stream:
        digest = file_digest(stream, "sha256").hexdigest()
    return {"sha256": digest, "bytes": file.stat().st_size}


def damage_by_sha256(folder: Path, files: Mapping[str, Mapping[str, str | int]]) -> str:
    """Return what is wrong with the files of a run folder, or nothing.

    Args:
        folder: a finished run folder.
        files: `bytes` and `sha256` by relative path, as its manifest has them.
    """
    for name, expected in files.items():
        try:
            with (folder / name).open("rb") as stream:
                digest = file_digest(stream, "sha256").hexdigest()
        except OSError as failed:
            return f"{name} cannot be read ({failed.strerror})"
        if digest != expected["sha256"]:
            return f"{name} does not have the content that was written"
    return ""


def as_summed_text(content: dict[str, Any]) -> str:
    """Return a JSON object as text that ends in a checksum of the object.

    Args:
        content: without the key `CHECKSUM`.
    """
    # As it will be read: a number that is a key becomes a text.
    read_again = json.loads(json.dumps(content))
    summed = {**content, CHECKSUM: _json_checksum(read_again)}
    return json.dumps(summed, indent=1, ensure_ascii=False)


def from_summed_text(text: str) -> Any:
    """Return the JSON object of a text, without its checksum.

    Args:
        text: by `as_summed_text`, or by a release that wrote no checksum.

    Raises:
        ValueError: it is no JSON, or its checksum is that of another object.
    """
    content = json.loads(text)
    if isinstance(content, dict) and CHECKSUM in content:
        written = content.pop(CHECKSUM)
        if written != _json_checksum(content):
            raise ValueError("the content is not what was written")
    return content


def _json_checksum(content: dict[str, Any]) -> str:
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
