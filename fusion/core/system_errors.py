"""Errors of the operating system, whichever library they come through."""

import errno
import re

SIZE_CURE = (
    "Raise the limit of the process on the size of files (`ulimit -f`), or name a place whose file "
    "system takes larger ones."
)
"""What to do about a file that may not grow: who meets the limit does not say which one it is."""
PASSING = (errno.EMFILE, errno.ENFILE, errno.EIO, errno.ESTALE, errno.ENOMEM)
"""Troubles of a machine, which say nothing about the file that was opened meanwhile."""


def system_error(failure: BaseException) -> int | None:
    """Return the number of the error of the operating system that a failure tells of.

    Args:
        failure: any exception.

    Returns:
        Such as `errno.ENOSPC`; None where it tells of none.
    """
    if isinstance(failure, OSError) and failure.errno is not None:
        return failure.errno
    # Polars raises a ComputeError where Parquet cannot be written, or an OSError without number:
    # either ends in the words that Rust has for errors of the system.
    if isinstance(failure, OSError) or type(failure).__module__.startswith("polars"):
        number = re.search(r"\(os error ([0-9]+)\)$", str(failure))
        return int(number[1]) if number else None
    return None


def disk_refused(failure: BaseException) -> bool:
    """Return whether a disk refused to be written.

    That is no fault of the code that wrote, and nothing that a run could go on without.

    Args:
        failure: any exception.
    """
    return system_error(failure) in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)


def will_pass(failure: BaseException) -> bool:
    """Return whether a machine was in trouble, so that the same may succeed another time.

    Args:
        failure: any exception.
    """
    return system_error(failure) in PASSING
