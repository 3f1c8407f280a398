"""Attempts at filling a folder: a worker that is slow or thought dead disturbs no other one."""

import os
import shutil
from pathlib import Path
from secrets import token_hex

PREFIX = "attempt-"


def new_attempt(folder: Path) -> Path:
    """Make a folder for one attempt at a task.

    Args:
        folder: of the task.
    """
    attempt = folder / f"{PREFIX}{token_hex(6)}"
    attempt.mkdir()
    return attempt


def take_attempt(folder: Path, name: str) -> None:
    """Move what an attempt made to where the task was to put it; all others go.

    Args:
        folder: of the task.
        name: of the attempt's folder in it.
    """
    for made in sorted((folder / name).iterdir()):
        os.rename(made, folder / made.name)
    for attempt in folder.glob(f"{PREFIX}*"):
        shutil.rmtree(attempt, ignore_errors=True)
