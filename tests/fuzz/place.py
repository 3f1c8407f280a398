"""The place of cases: a shop with a published run, files beside it, and what must not change."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.flows.calling import call_main
from tests.flows.world import EARLY, database, live_lists, make_shop

Stamp = tuple[int, int]
"""Size and time of the last change of a file."""


def prepare(folder: Path) -> None:
    """Make the shop that every case begins with: two runs, the second live, and one that waits."""
    make_shop(folder)
    for words in (("train", "--as-of", EARLY), ("train",)):
        ended = call_main(folder, *words, "--json")
        assert ended.code == 0, ended.err
        run_id = ended.json["run"]["id"]
        ended = call_main(folder, "publish", run_id)
        assert ended.code == 0, ended.err


@dataclass
class Place:
    """A folder with the working folder of cases, and one beside it that is nobody's business.

    Attributes:
        root: holds everything.
        template: the working folder as it is before each case.
        touched: paths outside `root` and the folder of temporary files that were opened to be
            written, or removed.
    """

    root: Path
    template: Path
    touched: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        precious = self.root / "precious"
        precious.mkdir(parents=True)
        (precious / "kept.txt").write_text("kept\n")
        shutil.copytree(self.template, self.work, symlinks=True)
        # Asked for now: to be found out it opens files, which the hook below would ask about.
        self.ours = (str(self.root), tempfile.gettempdir(), "/dev/", "/proc/")
        self.lists = live_lists(database(self.template))
        self.before = stamps(self.root)
        sys.addaudithook(self._notice)

    @property
    def work(self) -> Path:
        """The working folder."""
        return self.root / "work"

    def changes(self) -> dict[str, str]:
        """Return what was made, changed or removed since the last restoring, by path."""
        now = stamps(self.root)
        found = {path: "removed" for path in self.before.keys() - now.keys()}
        for path, stamp in now.items():
            if path not in self.before:
                found[path] = "made"
            elif stamp != self.before[path]:
                found[path] = "changed"
        return found

    def restore(self) -> None:
        """Bring everything back to where it was before the case."""
        changes = self.changes()
        self.touched.clear()
        if not changes:
            return
        for path, change in changes.items():
            if change == "made":
                _remove(self.root / path)
        lost = [path for path, change in changes.items() if change != "made"]
        for path in sorted(lost):
            original = self.template / Path(path).relative_to("work")
            place = self.root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            if original.is_dir():
                place.mkdir(exist_ok=True)
            else:
                shutil.copy2(original, place)
        self.before = stamps(self.root)

    def _notice(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Keep paths outside that somebody writes to."""
        if event not in WRITING and event != "open":
            return
        if event == "open" and not _writes(arguments):
            return
        for path in arguments[: WRITING.get(event, 1)]:
            if isinstance(path, (str, bytes, os.PathLike)):
                place = os.path.abspath(os.fsdecode(path))
                if not place.startswith(self.ours):
                    self.touched.append(f"{event} {place}")


WRITING = {
    **dict.fromkeys(("os.remove", "os.rmdir", "os.mkdir", "shutil.rmtree", "os.truncate"), 1),
    **dict.fromkeys(("os.rename", "os.link", "os.symlink"), 2),
}
"""Events of Python's audit hooks that change files, by how many of their arguments are paths."""


def _writes(arguments: tuple[Any, ...]) -> bool:
    flags = arguments[2] if len(arguments) > 2 else 0
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


def stamps(root: Path) -> dict[str, Stamp]:
    """Return every file and folder below a folder with its size and time."""
    return dict(_stamps(root, ""))


def _stamps(folder: Path, prefix: str) -> Iterator[tuple[str, Stamp]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            name = f"{prefix}{entry.name}"
            is_folder = entry.is_dir(follow_symlinks=False)
            stat = entry.stat(follow_symlinks=False)
            # The time of a folder says no more than what is in it.
            yield name, (0, 0) if is_folder else (stat.st_size, stat.st_mtime_ns)
            if is_folder:
                yield from _stamps(Path(entry.path), f"{name}/")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
