"""Giving memory back: how the C library keeps what arrays leave behind."""

import ctypes
import sys
from typing import Any

# Names and numbers of glibc's malloc.h.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
LARGE, TOP = 8 * 2**20, 64 * 2**20


def give_back() -> None:
    """Let arrays of 8 MiB and more go back to the system when they are freed, where the C library is glibc.

    Left alone, glibc learns from the first large arrays to keep arrays of up to 32 MiB, for each
    thread apart: a run that fits many sources one after the other then holds the peaks of all of
    them. Smaller ones are kept: those of a training step come and go hundreds of times, and
    fetching them anew costs a quarter of its time.
    """
    mallopt = _glibc("mallopt")
    for option, value in ((M_MMAP_THRESHOLD, LARGE), (M_TRIM_THRESHOLD, TOP), (M_ARENA_MAX, 2)):
        if mallopt is not None:
            mallopt(option, value)


def trim() -> None:
    """Give back now what is free in the middle of what the C library keeps: a step's small arrays, once it is over."""
    malloc_trim = _glibc("malloc_trim")
    if malloc_trim is not None:
        malloc_trim(0)


def _glibc(name: str) -> Any:
    return getattr(ctypes.CDLL(None), name, None) if sys.platform.startswith("linux") else None
