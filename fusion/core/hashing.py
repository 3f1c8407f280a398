"""Draws that depend on what they are drawn for, not on when: the same in every process and any order."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fusion.core.arrays import Rows

MIX = np.array([0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB], np.uint64)
"""Constants of splitmix64 (Steele, Lea & Flood, OOPSLA 2014)."""


def mix(keys: Any) -> NDArray[np.uint64]:
    """Scramble uint64 keys of any shape: equal keys stay equal, close keys land far apart."""
    mixed = np.array(keys, np.uint64)
    shifted = np.empty_like(mixed)
    for shift, factor in ((30, MIX[1]), (27, MIX[2]), (31, None)):
        np.right_shift(mixed, np.uint64(shift), out=shifted)
        np.bitwise_xor(mixed, shifted, out=mixed)
        if factor is not None:
            np.multiply(mixed, factor, out=mixed)
    return mixed


def to_unit_interval(keys: NDArray[np.uint64]) -> NDArray[np.float32]:
    """Turn scrambled keys into numbers in [0, 1)."""
    found: NDArray[np.float32] = (keys >> np.uint64(40)).astype(np.float32) / np.float32(2**24)
    return found


def shares(seed: int, users: Rows, items: Rows | None = None) -> NDArray[np.float32]:
    """A number in [0, 1) for each user (n,), or each (user, item) pair (n,), fixed by `seed`."""
    keys = mix((users.astype(np.uint64) + np.uint64(1)) * MIX[0] + np.uint64(seed))
    if items is not None:
        keys = mix(keys + (items.astype(np.uint64) + np.uint64(1)) * MIX[1])
    return to_unit_interval(keys)
