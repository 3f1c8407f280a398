"""Exit codes of failures, and the sentences that go with them."""

import errno

from fusion.errors import ConfigError, FusionError, Temporary

NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
NO_WAY = (
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EEXIST,
    errno.ENAMETOOLONG,
)
"""What the file system says of places that cannot be used as they are."""


def describe_failure(failure: BaseException) -> tuple[int, str]:
    """Exit code of a failure, and what to say of it."""
    if isinstance(failure, FusionError):
        return failure.exit_code, str(failure)
    if isinstance(failure, KeyboardInterrupt):
        return 130, "interrupted; `fusion status` says what is live"
    if isinstance(failure, OSError) and failure.errno in NO_ROOM:
        return (
            Temporary.exit_code,
            f"{_place(failure)}: {failure.strerror}. Make room and try again.",
        )
    if isinstance(failure, OSError) and failure.errno in NO_WAY:
        return (
            ConfigError.exit_code,
            f"{_place(failure)}: {failure.strerror}. Name another place, or allow writing there.",
        )
    return FusionError.exit_code, f"unexpected {type(failure).__name__}: {failure}"


def _place(failure: OSError) -> str:
    return f"cannot use {failure.filename}" if failure.filename else "cannot use a file"
