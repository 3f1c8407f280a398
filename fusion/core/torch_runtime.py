"""How torch is asked to compute: which device, how many threads, repeatably; what others set is left as found."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from fusion.errors import ConfigError

log = logging.getLogger(__name__)
LARGE_PAGES = "THP_MEM_ALLOC_ENABLE"
"""Memory in pages of 2 MiB, of which a step touches fewer anew; torch reads it once, so it stays set."""
_HOLD = Lock()
_held: list[tuple[int, bool, bool]] = []


@contextmanager
def repeatable() -> Iterator[None]:
    """Compute on one thread, by operations that give the same bits every time; for threads that compute side by side.

    Both are settings of the whole process: the first to enter notes what it found, the last to
    leave puts it back.
    """
    os.environ.setdefault(LARGE_PAGES, "1")
    import torch  # noqa: PLC0415 - takes seconds to import

    with _HOLD:
        strict, warn = (
            torch.are_deterministic_algorithms_enabled(),
            torch.is_deterministic_algorithms_warn_only_enabled(),
        )
        _held.append(_held[0] if _held else (torch.get_num_threads(), strict, warn))
        # Only warn where CUDA has no repeatable form of an operation: the promise of equal bits is
        # made for the CPU.
        torch.use_deterministic_algorithms(True, warn_only=True)
        torch.set_num_threads(1)
    try:
        yield
    finally:
        with _HOLD:
            threads, strict, warn = _held.pop()
            if not _held:
                torch.use_deterministic_algorithms(strict, warn_only=warn)
                torch.set_num_threads(threads)


def one_thread() -> None:
    """Let the calling thread compute alone; for workers that share the cores among themselves."""
    import torch  # noqa: PLC0415 - takes seconds to import

    torch.set_num_threads(1)


def usable_device(wanted: str) -> str:
    """Give `wanted`, or "cpu" with a warning where it is "cuda" and a small product on it does not work."""
    if wanted == "cpu":
        return "cpu"
    import torch  # noqa: PLC0415 - takes seconds to import

    try:
        (torch.ones(2, 2, device=wanted) @ torch.ones(2, 2, device=wanted)).sum().item()
    except (RuntimeError, AssertionError) as failed:
        log.warning(
            "device %s cannot be used (%s); computing on the cpu",
            wanted,
            str(failed).splitlines()[0],
        )
        return "cpu"
    return wanted


def device_for(wanted: str) -> str:
    """Give "cuda" where it is wanted and there, else "cpu"; ConfigError when `cuda` is demanded and missing."""
    if wanted == "cpu":
        return "cpu"
    import torch  # noqa: PLC0415 - takes seconds to import

    if torch.cuda.is_available():
        return "cuda"
    if wanted == "cuda":
        raise ConfigError(
            "device = 'cuda', but no CUDA device answers; use device = 'auto' to fall back to the CPU"
        )
    return "cpu"
