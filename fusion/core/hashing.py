"""Random draws by hash, the same in every process and order; and arrays as bytes to hash."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fusion.core.arrays import Rows

MIX = np.array([0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB], np.uint64)
"""Constants of splitmix64 (Steele, Lea & Flood, OOPSLA 2014)."""
FLOAT_BITS = 24
"""Bits of a float32's fraction: as many of a key can count, so the upper 24 of its 64 are taken."""


def mix(keys: Any) -> NDArray[np.uint64]:
    """Scramble keys with the finaliser of splitmix64.

    Args:
        keys: integers below 2**64, of any shape.

    Returns:
        uint64 of the same shape; equal keys stay equal, close keys land far apart.
    """
    mixed = np.array(keys, np.uint64)
    # One buffer for all shifts: `keys` may be users x items.
    shifted = np.empty_like(mixed)
    for shift, factor in ((30, MIX[1]), (27, MIX[2]), (31, None)):
        np.right_shift(mixed, np.uint64(shift), out=shifted)
        np.bitwise_xor(mixed, shifted, out=mixed)
        if factor is not None:
            np.multiply(mixed, factor, out=mixed)
    return mixed


def to_unit_interval(keys: NDArray[np.uint64]) -> NDArray[np.float32]:
    """Turn scrambled keys into uniform numbers.

    Args:
        keys: uint64 of any shape, from `mix`.

    Returns:
        float32 in [0, 1) of the same shape.
    """
    leading = keys >> np.uint64(64 - FLOAT_BITS)
    uniform: NDArray[np.float32] = leading.astype(np.float32) / np.float32(2**FLOAT_BITS)
    return uniform


def shares(seed: int, users: Rows, items: Rows | None = None) -> NDArray[np.float32]:
    """Draw a uniform number for each user, or each (user, item) pair.

    Args:
        seed: the stream; another seed gives other numbers.
        users: (n,) int32.
        items: (n,) int32 beside them, or None to draw for users alone.

    Returns:
        (n,) float32 in [0, 1); the same for the same seed, user and item, whatever else is drawn.
    """
    # Row 0 times a constant would be 0, whatever the constant, so rows count from 1 here.
    user_keys = (users.astype(np.uint64) + np.uint64(1)) * MIX[0]
    keys = mix(user_keys + np.uint64(seed))
    if items is not None:
        # Another constant for items, so that (user, item) and (item, user) differ.
        item_keys = (items.astype(np.uint64) + np.uint64(1)) * MIX[1]
        keys = mix(keys + item_keys)
    return to_unit_interval(keys)


def raw_bytes(array: NDArray[Any]) -> memoryview:
    """View an array as bytes, for a hash; only one that is not contiguous is copied.

    Args:
        array: of any shape and plain type.

    Returns:
        (bytes,) in C order.
    """
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
