"""Replacing files of a run folder together with its manifest, so that damage stays named."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fusion.core.durable import replace_file, replaced_by
from fusion.runs.manifest_file import as_summed_text, file_hash, read_manifest
from fusion.runs.redaction import Redactor
from fusion.runs.run_folder import RunFolder

ASIDE = ".new"
"""End of the name of a file that is about to stand in the place of another."""


def aside(file: Path) -> Path:
    """Return where the new content of a file is written, beside it.

    Args:
        file: of a run folder.
    """
    return file.with_name(f"{file.name}{ASIDE}")


@contextmanager
def amending(folder: Path, redactor: Redactor, why: str) -> Iterator[dict[Path, Path]]:
    """Replace the files that the block writes anew, and amend the manifest.

    The manifest comes first, with the hashes of the new files. Killed after it, the next call puts
    them in their places before it does anything else; killed before it, that call drops them. Where
    the block fails, nothing is changed.

    A file that was damaged is replaced as any other and keeps its hash, so that it stays named:
    what is made of it is damaged, too.

    Args:
        folder: a run folder.
        redactor: takes people out of the manifest's texts.
        why: for the manifest's note.

    Yields:
        A mapping to fill, file -> what was written beside it, in the order of replacement.
    """
    _finish(folder)
    drafts: dict[Path, Path] = {}
    try:
        yield drafts
        _amend(folder, drafts, redactor, why)
    except BaseException:
        for draft in folder.rglob(f"*{ASIDE}"):
            draft.unlink(missing_ok=True)
        raise
    for file, draft in drafts.items():
        replace_file(draft, file)


def _finish(folder: Path) -> None:
    """Put the new files of a call that was killed in their places, or drop them."""
    drafts = list(folder.rglob(f"*{ASIDE}"))
    if not drafts:
        return
    named = read_manifest(folder)["files"]
    for draft in drafts:
        file = draft.with_name(draft.name.removesuffix(ASIDE))
        if named.get(_name(folder, file)) == file_hash(draft):
            replace_file(draft, file)
        else:
            draft.unlink()


def _amend(folder: Path, drafts: Mapping[Path, Path], redactor: Redactor, why: str) -> None:
    """Write the manifest anew: people out of its texts, new hashes, and a note of what changed."""
    manifest: dict[str, Any] = redactor.redact(read_manifest(folder))
    named = manifest["files"]
    renewed = {}
    for file, draft in drafts.items():
        name, new = _name(folder, file), file_hash(draft)
        if new != named.get(name) and file_hash(file) == named.get(name):
            renewed[name] = new
    if renewed:
        note = {"at": datetime.now(UTC).isoformat(), "why": why, "files": sorted(renewed)}
        notes = [*manifest.get("amended", ()), note]
        manifest = {**manifest, "files": {**named, **renewed}, "amended": notes}
    target = RunFolder(folder).manifest
    with replaced_by(aside(target), target):
        aside(target).write_text(as_summed_text(manifest), encoding="utf-8")


def _name(folder: Path, file: Path) -> str:
    return file.relative_to(folder).as_posix()
