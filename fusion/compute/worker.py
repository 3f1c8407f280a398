"""The other end of a task: who is asked, is compared with who asks, and does the work."""

import importlib
import json
import platform
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from fusion.compute.attempts import new_attempt
from fusion.compute.identity import differences
from fusion.core.progress import Progress, quiet
from fusion.core.system_errors import disk_refused, system_error
from fusion.errors import SourceFailed
from fusion.isolation.failure import what_happened

LOOK_EVERY = 1.0
"""Seconds between two looks at whether the folder is still there."""
MAX_TRACE = 4_000
"""Characters of a traceback that the coordinator is told."""


class Abandoned(Exception):
    """Nobody waits any more for what is being made."""


def answer(
    progress: Progress,
    target: str,
    folder: str,
    arguments: Mapping[str, Any],
    identity: Mapping[str, Any],
) -> dict[str, Any]:
    """Do a task, and say how it went.

    Args:
        progress: of the work.
        target: `module:function` that fills a folder.
        folder: of the task.
        arguments: that it takes after a `Progress` and an empty folder.
        identity: `function`, which tells the identity of a process, and the `expected` one.

    Returns:
        `attempt`, the name of the filled folder in that of the task; or `refused`, a sentence,
        `disk`, the error of a disk, or `failure`, the type and message of an exception, with its
        `trace`, and the `source` that it is of, if it is.
    """
    refusal = refuse(folder, identity)
    if refusal:
        return {"refused": refusal}
    try:
        attempt = new_attempt(Path(folder))
        heard = _unless_abandoned(attempt, progress)
        # As where all is done in one process: no sum may depend on how many cores there are.
        with threadpool_limits(1, "blas"):
            _function(target)(heard, attempt, arguments)
    except Exception as failure:
        if disk_refused(failure):
            return {"disk": [system_error(failure), str(failure)]}
        trace = traceback.format_exc()[-MAX_TRACE:]
        if isinstance(failure, SourceFailed):
            return {"failure": failure.why, "source": failure.source, "trace": trace}
        return {"failure": what_happened(failure), "trace": trace}
    return {"attempt": attempt.name}


def answer_text(question: str) -> str:
    """Do a task of which a text tells; of workers that are handed no more than text.

    Args:
        question: the arguments of `answer`, as JSON.

    Returns:
        The answer, as JSON.
    """
    return json.dumps(answer(quiet, **json.loads(question)))


def refuse(folder: str, identity: Mapping[str, Any]) -> str:
    """Return why this process must not work on a task, or nothing.

    Args:
        folder: that it would have to fill; empty where it need not see any.
        identity: as of `answer`.
    """
    found = _function(identity["function"])()
    other = differences(identity["expected"], found)
    host = platform.node()
    if other:
        return (
            f"the worker on {host} has {other}: its results might differ in their last bits; "
            "install the same release there, or take workers with the same kind of CPU only"
        )
    if folder and not sees(folder):
        return (
            f"the worker on {host} does not see {folder}: put the folder of [artifacts] where "
            "every worker sees it under the same path, or name a `store` in [artifacts] that "
            "every worker reaches"
        )
    return ""


def sees(folder: str) -> bool:
    """Return whether this process sees a folder.

    Args:
        folder: of the coordinator.
    """
    return Path(folder).is_dir()


def _unless_abandoned(attempt: Path, progress: Progress) -> Progress:
    """Let work end at its next progress once its folder is gone: nobody waits for it any more."""
    looked = time.monotonic()

    def report(done: int, total: int) -> None:
        nonlocal looked
        if time.monotonic() - looked > LOOK_EVERY:
            if not attempt.is_dir():
                raise Abandoned(f"{attempt} is gone, so that nobody waits for the work")
            looked = time.monotonic()
        progress(done, total)

    return report


def _function(name: str) -> Any:
    module, _, function = name.partition(":")
    return getattr(importlib.import_module(module), function)
