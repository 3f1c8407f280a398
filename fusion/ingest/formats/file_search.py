"""Search for the data files that a path, folder or glob of the configuration names."""

import os
import re
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from fusion.core.findings import FindingKind, declare
from fusion.ingest.formats.delimited import UNREADABLE

PARQUET = (".parquet", ".pq")
TEXT = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
"""Endings of files read from folders; a file named by itself may be called anything."""
URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
RUN_FOLDER = re.compile(r"\d{8}-\d{6}-[0-9a-f]{6}")
STAGE_FOLDER = re.compile(r"[0-9a-f]{16}")
"""Names of the folders that trainings write: what they hold is never data to train on."""
SHOWN_NAMES = 8
"""Names of a folder that are listed where nothing is like the one looked for."""

MISSING_FILE = declare(
    FindingKind(
        code="missing_file",
        severity="error",
        what="a file that is not there",
        happens="nothing is read",
        cure="Correct the path in [data].",
    )
)
BROKEN_LINK = declare(
    FindingKind(
        code="broken_link",
        severity="error",
        what="a link whose target is not there",
        happens="nothing is read",
        cure="Bring the target back, or point the link at the file by `ln -sfn FILE LINK`.",
    )
)
NO_FILE = declare(
    FindingKind(
        code="no_regular_file",
        severity="error",
        what="a pipe, socket or device where a file is expected",
        happens="nothing is read: data is read more than once",
        cure="Write the rows to a file, and name that in [data].",
    )
)
MIXED_FILES = declare(
    FindingKind(
        code="mixed_files",
        severity="error",
        what="a folder or glob with both CSV and Parquet, or with neither",
        happens="nothing is read",
        cure='Name what to read by a glob, such as "logs/*.parquet".',
    )
)


def is_text_file(path: Path) -> bool:
    """Return True for a file that is read as delimited text: everything but Parquet.

    Args:
        path: the file; only its name is looked at.
    """
    return not path.name.lower().endswith(PARQUET)


def is_url(place: str) -> bool:
    """Return True for a URL: files are not fetched, and databases take a query.

    Args:
        place: what stands where a path was meant.
    """
    return URL.match(place) is not None


def find_files(subject: str, place: str, base: Path) -> list[Path]:
    """List the files that a place names, in the order of their names.

    Args:
        subject: word for what the files hold, in findings.
        place: file, folder or glob; "~" is the home folder.
        base: folder at which relative paths start.

    Returns:
        At least one file. Hidden ones, and what trainings wrote into a folder, are passed over.

    Raises:
        Unusable: there is none.
    """
    if is_url(place):
        problem = f"{place} is a URL, where a path is needed"
        raise MISSING_FILE.stop(subject, f"{problem}; a database takes {{ url, query }}")
    path = base / _expanded(place)
    if "\0" in place:
        raise MISSING_FILE.stop(subject, f"{place!r} has a NUL character, which no path has")
    try:
        return _files_at(subject, place, path, base)
    except PermissionError as error:  # of a folder on the way
        raise UNREADABLE.stop(subject, f"{path} cannot be opened: {error}") from error


def _files_at(subject: str, place: str, path: Path, base: Path) -> list[Path]:
    """Return the file that a path is, or the files of a folder or glob."""
    if path.is_file():
        return [path]
    if path.is_dir():
        return _in_folder(subject, path)
    if any(mark in place for mark in "*?["):
        return _by_glob(subject, place, path, base)
    _refuse_broken_link(subject, path)
    if path.exists():
        raise NO_FILE.stop(subject, f"{path} is a pipe, socket or device")
    raise MISSING_FILE.stop(subject, f"{path} does not exist{_hint(path)}")


def _expanded(place: str) -> Path:
    """Replace `~` by the home of the person who runs this; leave it where there is none."""
    try:
        return Path(place).expanduser()
    except RuntimeError:
        return Path(place)


def _refuse_broken_link(subject: str, path: Path) -> None:
    """Raise Unusable for a link that leads nowhere, or in a circle."""
    if path.is_symlink() and not path.exists():
        raise BROKEN_LINK.stop(subject, f"{path} is a link to {path.readlink()}, which is missing")


def _in_folder(subject: str, folder: Path) -> list[Path]:
    files = []
    try:
        entries = _tree(folder)
    except FileNotFoundError as error:
        raise MISSING_FILE.stop(subject, f"{folder} cannot be searched: {error}") from error
    for path in entries:
        if not path.name.lower().endswith(PARQUET + TEXT):
            continue
        if _is_passed_over(path.relative_to(folder), folder):
            continue
        # A month whose link broke would be missing without a word.
        _refuse_broken_link(subject, path)
        if path.is_file():
            files.append(path)
    if not files:
        raise MIXED_FILES.stop(subject, f"{folder} holds no CSV or Parquet file")
    return files


def _tree(folder: Path) -> list[Path]:
    """List all below a folder by name, but for hidden folders.

    Raises:
        PermissionError: a folder may not be looked into; `rglob` passes over it without a word.
    """

    def refuse(error: OSError) -> None:
        raise error

    paths = []
    for parent, folders, names in os.walk(folder, onerror=refuse):
        paths += [Path(parent, name) for name in (*folders, *names)]
        folders[:] = [name for name in folders if not name.startswith((".", "_"))]
    return sorted(paths)


def _is_passed_over(file: Path, folder: Path) -> bool:
    """Flag files that are hidden, in a hidden folder, or written by a training."""
    if any(part.startswith((".", "_")) for part in file.parts):
        return True
    parents = [folder / parent for parent in file.parents if parent.name]
    of_run = _has_folder(parents, RUN_FOLDER, "manifest.json")
    return of_run or _has_folder(parents, STAGE_FOLDER, "inputs.json")


def _has_folder(folders: Iterable[Path], name: re.Pattern[str], marker: str) -> bool:
    """Look for a folder with a name of this form that holds the file `marker`."""
    named = (folder for folder in folders if name.fullmatch(folder.name))
    return any((folder / marker).exists() for folder in named)


def _by_glob(subject: str, place: str, path: Path, base: Path) -> list[Path]:
    # `Path.glob` takes relative patterns only.
    anchor = Path(path.anchor) if path.is_absolute() else Path()
    pattern = str(path.relative_to(anchor))
    try:
        matches = list(anchor.glob(pattern))
    except (OSError, ValueError, NotImplementedError) as error:
        raise MISSING_FILE.stop(subject, f"{place!r} cannot be searched: {error}") from error
    for match in matches:
        _refuse_broken_link(subject, match)
    files = [match for match in matches if _is_visible_file(match)]
    if files:
        return sorted(files)
    raise MISSING_FILE.stop(subject, f"no file matches {place!r} (looked in {base.resolve()})")


def _is_visible_file(path: Path) -> bool:
    return path.is_file() and path.name[0] != "."


def _hint(path: Path) -> str:
    """Name the nearest file of the same folder, or the first ones it has."""
    folder = path.parent
    # A folder that is missing itself has nothing to offer.
    names = sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []
    nearest = get_close_matches(path.name, names, n=1)
    if nearest:
        return f"; did you mean {nearest[0]!r}?"
    return f"; there is {', '.join(names[:SHOWN_NAMES])}" if names else ""
