"""The cache of stages: what was made once from the same inputs is not made again, in any run."""

import errno
import json
import logging
import os
import shutil
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from fusion.core.durable import rename_folder
from fusion.core.locks.drafts import draft_beside, sweep_drafts
from fusion.runs.stages.record import KEY_DIGITS, damage_in, dropped_files, write_record
from fusion.runs.stages.remote import Remote

log = logging.getLogger(__name__)
LIBRARIES = ("numpy", "scipy", "implicit", "lightgbm", "torch", "polars", "scikit-learn", "optuna")
"""Libraries that compute: another release may round differently, and counts as other code."""
INPUTS = "inputs.json"
"""The file of a stage that says what it was made of."""
DAMAGED = ".damaged"
"""End of the name of a damaged stage that was set aside; pruning and forgetting remove it."""
CODE_DIGITS = 12
"""Hex digits of hashes of code."""


@cache
def code_version() -> str:
    """Return a hash of the core's own source and of the releases of the libraries that compute."""
    releases = list(map(release, LIBRARIES))
    hasher = sha256(json.dumps(releases).encode())
    root = Path(__file__).parents[2]  # all of `fusion`, not this room alone
    for file in sorted(root.rglob("*.py")):
        name = file.relative_to(root).as_posix()
        hasher.update(name.encode() + file.read_bytes())
    return hasher.hexdigest()[:CODE_DIGITS]


def release(package: str) -> str:
    """Return the installed release of a package.

    Args:
        package: its name in the registry.

    Returns:
        The release; "not installed" without it, as torch is where nothing neural is wanted.
    """
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


@dataclass(frozen=True)
class Store:
    """A folder of finished stages, shared by runs: `<root>/<name>/<key>/`.

    Attributes:
        root: the folder.
        used: stages made or verified so far, `<name>/<key>`.
        shared: another store, which is only read: what stands there is copied and not made again.
        remote: stages that other machines made, and take from there; `root` is then a cache.
    """

    root: Path
    used: set[str] = field(default_factory=set, compare=False)
    shared: Path | None = None
    remote: Remote | None = None

    def key(self, inputs: Mapping[str, Any]) -> str:
        """Return the key of inputs and of the code's version.

        Args:
            inputs: JSON-able, in any order.

        Returns:
            Hex digits.
        """
        text = json.dumps({"code": code_version(), **inputs}, sort_keys=True)
        return sha256(text.encode()).hexdigest()[:KEY_DIGITS]

    def has(self, name: str, inputs: Mapping[str, Any]) -> bool:
        """Return whether a stage need not be made.

        Args:
            name: of the stage.
            inputs: as of `stage`.
        """
        key = self.key(inputs)
        if (self.root / name / key).exists():
            return True
        return self.remote is not None and self.remote.has(f"{name}/{key}")

    def stage(
        self,
        name: str,
        inputs: Mapping[str, Any],
        make: Callable[[Path], None],
        read_later: Collection[str] = (),
    ) -> Path:
        """Return the folder of what `make` writes, made before from the same inputs or now.

        `make` writes into a folder of its own that takes its final name only when complete, so a
        killed process or a power loss leaves nothing that could be taken for a result.
        One that was damaged since is set aside, and made again: sizes are compared whenever it is
        asked for, content the first time.

        Args:
            name: of the stage.
            inputs: JSON-able; everything that decides the result.
            make: writes the result into the empty folder that it is called with.
            read_later: files whose content whoever reads them verifies; here their size alone is.

        Raises:
            StoreLost: the remote does not answer; what was made is kept here.
            StoreRefused: it refuses us.
        """
        final = self.root / name / self.key(inputs)
        stage = f"{name}/{final.name}"
        is_known = stage in self.used
        if final.exists() and (damage := damage_in(final, read_later, sizes_only=is_known)):
            set_aside(final, damage)
        if final.exists():
            self.used.add(stage)
            os.utime(final)  # pruning keeps what was asked for lately
            log.info("stage reused name=%s key=%s", name, final.name)
            if not is_known:
                self._share(stage, final)
            return final
        # One for each process: two that make the same stage do not disturb each other.
        with draft_beside(final) as draft:
            if not self._is_copied(stage, draft):
                draft.mkdir()
                make(draft)
                record = json.dumps(dict(inputs), indent=1, sort_keys=True)
                (draft / INPUTS).write_text(record)
                write_record(draft)
            _take_name(draft, final)
        # After it has its name: what a remote does not take is not made again.
        self._share(stage, final)
        self.used.add(stage)
        return final

    def _is_copied(self, stage: str, draft: Path) -> bool:
        """Copy a stage that another store has; False where none has it whole."""
        if self.shared is not None and _copy(self.shared / stage, draft):
            return True
        return self.remote is not None and self.remote.fetch(stage, draft)

    def _share(self, stage: str, folder: Path) -> None:
        """Let the remote have a stage, and know that it is in use."""
        if self.remote is None or self.remote.note_use(stage):
            return
        # Where files were dropped, nobody could read what is left of it as a fit.
        if not dropped_files(folder):
            self.remote.offer(stage, folder)

    def sweep(self) -> int:
        """Remove drafts of processes that are gone.

        Returns:
            How many there were.
        """
        return sweep_drafts(self.root, "*/.*.*")


def _copy(stage: Path, draft: Path) -> bool:
    """Copy a stage of another store; False where it is not there, or not whole.

    Its owner may remove it meanwhile, since nothing is locked there: the copy then lacks files.
    """
    if not stage.is_dir():
        return False
    try:
        shutil.copytree(stage, draft)
    except (OSError, shutil.Error) as failed:
        damage = str(failed)
    else:
        damage = damage_in(draft)
    if damage:
        log.warning("stage not copied stage=%s: %s; it is made anew", stage, damage)
        shutil.rmtree(draft, ignore_errors=True)
    return not damage


def _take_name(draft: Path, final: Path) -> None:
    """Give a stage its name, unless another process was faster: it made the same."""
    try:
        rename_folder(draft, final)
    except OSError as failed:
        if failed.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise


def set_aside(stage: Path, damage: str) -> None:
    """Take a damaged stage out of its place, where it is made again.

    Args:
        stage: its folder in the store.
        damage: what is wrong with it, for the log.
    """
    aside = stage.with_name(f"{stage.name}{DAMAGED}")
    log.warning(
        "stage damaged name=%s key=%s: %s; it is set aside as %s and made again",
        stage.parent.name,
        stage.name,
        damage,
        aside,
    )
    shutil.rmtree(aside, ignore_errors=True)
    with suppress(FileNotFoundError):  # another process was faster
        stage.rename(aside)
