"""Memory that goes back to the system: settings of glibc's malloc for large arrays."""

import ctypes
import sys
from typing import Any

# Names and numbers of options in glibc's malloc.h.
M_TRIM_THRESHOLD = -1
M_MMAP_THRESHOLD = -3
M_ARENA_MAX = -8

LARGE = 8 * 2**20
"""Bytes from which an array is mapped by itself and goes back as soon as it is freed."""
TOP = 64 * 2**20
"""Free bytes at the top of the heap from which they go back."""
ARENAS = 2
"""Heaps at most: with one for each thread, each keeps a peak of its own."""


def give_back() -> None:
    """Let arrays of 8 MiB and more go back to the system when they are freed, under glibc.

    Left alone, glibc learns from the first large arrays to keep arrays of up to 32 MiB, for each
    thread apart: a run that fits many sources one after the other then holds the peaks of all of
    them. Smaller ones are kept: those of a training step come and go hundreds of times, and
    fetching them anew costs a quarter of its time.
    """
    mallopt = _glibc_function("mallopt")
    if mallopt is None:
        return
    mallopt(M_MMAP_THRESHOLD, LARGE)
    mallopt(M_TRIM_THRESHOLD, TOP)
    mallopt(M_ARENA_MAX, ARENAS)


def trim() -> None:
    """Give back what is free in the middle of the heap now: a step's small arrays at its end."""
    malloc_trim = _glibc_function("malloc_trim")
    if malloc_trim is not None:
        malloc_trim(0)


def _glibc_function(name: str) -> Any:
    """Return a function of the C library; None on other systems, and where the library lacks it."""
    if not sys.platform.startswith("linux"):
        return None
    return getattr(ctypes.CDLL(None), name, None)
