"""Exit codes of failures, and the sentences that go with them."""

import errno
import os

from fusion.core.extras import missing_extra
from fusion.errors import SIZE_CURE, ConfigError, FusionError, Temporary, system_error

NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
"""Errors of the file system that another try may not see: a full disk, a full quota."""
UNUSABLE_PLACE = (
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EEXIST,
    errno.ENAMETOOLONG,
)
"""Errors of the file system about places that cannot be used as they are."""
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
    if number in NO_SPACE:
        sentence = f"{_place(failure)}: {os.strerror(number)}. Make room and try again."
        return Temporary.exit_code, sentence
    # No later try sees another limit: a scheduler must not go on trying.
    if number == errno.EFBIG:
        return ConfigError.exit_code, f"{_place(failure)}: {os.strerror(number)}. {SIZE_CURE}"
    if number in UNUSABLE_PLACE:
        cure = "Name another place, or allow writing there."
        return ConfigError.exit_code, f"{_place(failure)}: {os.strerror(number)}. {cure}"
    return FusionError.exit_code, f"unexpected {type(failure).__name__}: {failure}"


def _place(failure: BaseException) -> str:
    name = getattr(failure, "filename", None)
    return f"cannot use {name}" if name else "cannot use a file"
