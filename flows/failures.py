"""Exit codes of failures, and the sentences that go with them."""

import errno
import os
from collections.abc import Callable

from fusion.core.extras import missing_extra
from fusion.core.system_errors import PASSING, SIZE_CURE, system_error
from fusion.errors import ConfigError, FusionError, Temporary

_NO_ROOM = (Temporary.exit_code, "Make room and try again.")
_UNUSABLE = (ConfigError.exit_code, "Name another place, or allow writing there.")
_CURES = {
    errno.EMFILE: "Raise the limit of open files (`ulimit -n`), or end a program that holds many.",
    errno.ENFILE: "End a program that holds many files open, and try again.",
    errno.EIO: "Look after the disk (`dmesg` tells of it), and try again.",
    errno.ESTALE: "Mount the network's folder again, and try again.",
    errno.ENOMEM: "End a program that takes much memory, or lower `memory`, and try again.",
}
REFUSALS = {
    **{number: (Temporary.exit_code, _CURES[number]) for number in PASSING},
    errno.ENOSPC: _NO_ROOM,
    errno.EDQUOT: _NO_ROOM,
    # No later try sees another limit: a scheduler must not go on trying.
    errno.EFBIG: (ConfigError.exit_code, SIZE_CURE),
    errno.EACCES: _UNUSABLE,
    errno.EPERM: _UNUSABLE,
    errno.EROFS: _UNUSABLE,
    errno.ENOTDIR: _UNUSABLE,
    errno.EISDIR: _UNUSABLE,
    errno.EEXIST: _UNUSABLE,
    errno.ENAMETOOLONG: _UNUSABLE,
}
"""Exit code and cure of what a file system refuses."""
LISTENERS: list[Callable[[BaseException], object]] = []
"""Hear why a process is killed before it could say so; the command line adds one."""
INTERRUPTED = 130
"""The exit code of a program that Ctrl+C ended: 128 and the number of SIGINT."""


def describe_failure(failure: BaseException) -> tuple[int, str]:
    """Return the exit code of a failure, and a sentence about it.

    Args:
        failure: an exception, from anywhere.

    Returns:
        The code and the sentence; code 3 for what nobody foresaw.
    """
    if isinstance(failure, FusionError):
        return failure.exit_code, str(failure)
    if isinstance(failure, KeyboardInterrupt):
        return INTERRUPTED, "interrupted; `fusion status` says what is live"
    missing = missing_extra(failure) if isinstance(failure, ImportError) else None
    if missing:
        return missing.exit_code, str(missing)
    number = system_error(failure)
    if number in REFUSALS:
        code, cure = REFUSALS[number]
        return code, f"{_place(failure)}: {os.strerror(number)}. {cure}"
    return FusionError.exit_code, f"unexpected {type(failure).__name__}: {failure}"


def say_last_words(failure: BaseException) -> None:
    """Say why the process is killed, in the way of whoever started the work.

    Args:
        failure: why.
    """
    for say in LISTENERS:
        say(failure)


def _place(failure: BaseException) -> str:
    name = getattr(failure, "filename", None)
    return f"cannot use {name}" if name else "cannot use a file"
