"""Stages: what was made once from the same inputs is not made again, in this run or any later one."""

import fcntl
import json
import logging
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)
CODE_DIGITS = 12
"""Hex digits of hashes of code."""
LIBRARIES = ("numpy", "scipy", "implicit", "lightgbm", "torch", "polars", "scikit-learn", "optuna")


@cache
def code_version() -> str:
    """12 hex digits over the core's own source and the versions of the libraries that compute."""
    hasher = sha256(json.dumps([version(name) for name in LIBRARIES]).encode())
    root = Path(__file__).parents[1]
    for file in sorted(root.rglob("*.py")):
        hasher.update(file.relative_to(root).as_posix().encode() + file.read_bytes())
    return hasher.hexdigest()[:CODE_DIGITS]


@dataclass(frozen=True)
class Store:
    """A folder of finished stages, shared by runs: `<root>/<name>/<key>/`; `used` gathers those asked for."""

    root: Path
    used: set[str] = field(default_factory=set, compare=False)

    def key(self, inputs: Mapping[str, Any]) -> str:
        """16 hex digits over JSON-able inputs and the code's version."""
        text = json.dumps({"code": code_version(), **inputs}, sort_keys=True)
        return sha256(text.encode()).hexdigest()[:16]

    def stage(self, name: str, inputs: Mapping[str, Any], make: Callable[[Path], None]) -> Path:
        """Give the folder of what `make` writes, from the store if these inputs were made before.

        `make` writes into a folder of its own that takes its final name only when complete, so a
        killed process leaves nothing that could be taken for a result.
        """
        final = self.root / name / self.key(inputs)
        self.used.add(f"{name}/{final.name}")
        if final.exists():
            os.utime(final)
            log.info("stage reused name=%s key=%s", name, final.name)
            return final
        draft = final.with_name(f".{final.name}.{os.getpid()}")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        try:
            make(draft)
            (draft / "inputs.json").write_text(json.dumps(dict(inputs), indent=1, sort_keys=True))
            if not final.exists():
                draft.rename(final)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        return final

    @contextmanager
    def held(self, alone: bool = False) -> Iterator[bool]:
        """Hold the store while its stages are used, beside others, or `alone` to remove some; gives whether it is held.

        Who comes to use it waits for a removal; who comes to remove is told at once that somebody
        uses it. The lock is the operating system's and ends with the process. False also where the
        folder's file system has no locks.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / ".lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB if alone else fcntl.LOCK_SH)
                held = True
            except OSError:
                held = False
            yield held

    def sweep(self) -> int:
        """Remove drafts of processes that are gone; gives how many."""
        return sweep_drafts(self.root, "*/.*.*")


def sweep_drafts(root: Path, pattern: str) -> int:
    """Remove folders below `root` whose name ends in the number of a process that is gone; gives how many."""
    found = [
        (draft, draft.suffix.removeprefix(".")) for draft in root.glob(pattern) if draft.is_dir()
    ]
    drafts = [draft for draft, pid in found if pid.isdecimal() and not _alive(int(pid))]
    for draft in drafts:
        shutil.rmtree(draft, ignore_errors=True)
    return len(drafts)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
