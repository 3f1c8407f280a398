"""Torch's settings of the whole process: device, threads, repeatable operations.

Settings that others made are put back after use. Torch is imported where it is needed: that takes
seconds.
"""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from threading import Lock

from fusion.errors import ConfigError

log = logging.getLogger(__name__)
LARGE_PAGES = "THP_MEM_ALLOC_ENABLE"
"""Environment variable for memory in pages of 2 MiB, of which a training step touches fewer anew.

Torch reads it once, so it stays set.
"""
DEVICES = Path("/dev")
GPU_FILES = ("nvidia*", "nvhost*", "nvmap", "dxg", "kfd")
"""Files of GPUs on Linux: of NVIDIA's drivers, on their boards too, of WSL, and of AMD's."""
_LOCK = Lock()
_settings_before: list[tuple[int, bool, bool]] = []
"""For each thread inside `repeatable`: threads, deterministic, warn only, as the first saw them."""


@contextmanager
def repeatable() -> Iterator[None]:
    """Compute on one thread by operations that give the same bits every time.

    Both are settings of the whole process, and several threads may compute side by side: the first
    to enter notes the settings before, the last to leave puts them back.
    """
    os.environ.setdefault(LARGE_PAGES, "1")
    import torch  # noqa: PLC0415 - takes seconds to import

    with _LOCK:
        strict = torch.are_deterministic_algorithms_enabled()
        warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
        if _settings_before:
            _settings_before.append(_settings_before[0])
        else:
            _settings_before.append((torch.get_num_threads(), strict, warn_only))
        # Only warn where CUDA has no repeatable form of an operation: the promise of equal bits is
        # made for the CPU.
        torch.use_deterministic_algorithms(True, warn_only=True)
        torch.set_num_threads(1)
    try:
        yield
    finally:
        with _LOCK:
            threads, strict, warn_only = _settings_before.pop()
            if not _settings_before:
                torch.use_deterministic_algorithms(strict, warn_only=warn_only)
                torch.set_num_threads(threads)


def one_thread() -> None:
    """Let the calling thread compute alone, for workers that share the cores among themselves."""
    import torch  # noqa: PLC0415 - takes seconds to import

    torch.set_num_threads(1)


def usable_device(wanted: str) -> str:
    """Check a device by computing on it; fall back to the CPU with a warning.

    A device that answers may still fail: an old driver, no free memory, another architecture.

    Args:
        wanted: "cpu" or "cuda".

    Returns:
        `wanted`, or "cpu" where a small product on it fails.
    """
    if wanted == "cpu":
        return "cpu"
    import torch  # noqa: PLC0415 - takes seconds to import

    try:
        ones = torch.ones(2, 2, device=wanted)
        (ones @ ones).sum().item()  # .item() waits for the result, and so for its error
    except (RuntimeError, AssertionError) as failed:
        reason = str(failed).splitlines()[0]
        log.warning("device %s cannot be used (%s); computing on the cpu", wanted, reason)
        return "cpu"
    return wanted


def _may_have_cuda() -> bool:
    """Return whether torch is worth asking for a CUDA device; that alone takes seconds and memory.

    Builds for the CPU say so by their version, and on Linux drivers answer by a file of the device.
    """
    if version("torch").endswith("+cpu"):
        return False
    if not sys.platform.startswith("linux"):
        return True
    return any(any(DEVICES.glob(pattern)) for pattern in GPU_FILES)


def device_for(wanted: str) -> str:
    """Resolve the device of a configuration.

    Args:
        wanted: "auto", "cpu" or "cuda".

    Returns:
        "cuda" where it is wanted and there, else "cpu".

    Raises:
        ConfigError: "cuda" is demanded, and no CUDA device answers.
    """
    if wanted == "cpu" or (wanted == "auto" and not _may_have_cuda()):
        return "cpu"
    import torch  # noqa: PLC0415 - takes seconds to import

    if torch.cuda.is_available():
        return "cuda"
    if wanted == "cuda":
        raise ConfigError(
            "device = 'cuda', but no CUDA device answers; "
            "use device = 'auto' to fall back to the CPU"
        )
    return "cpu"
