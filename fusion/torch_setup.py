"""How torch is asked to compute: which device, how many threads, repeatably; what others set is left as found."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)


@contextmanager
def torch_threads(threads: int) -> Iterator[None]:
    """Compute with so many threads inside the block."""
    import torch  # noqa: PLC0415 - takes seconds to import

    before = torch.get_num_threads()
    torch.set_num_threads(max(1, threads))
    try:
        yield
    finally:
        torch.set_num_threads(before)


def one_thread() -> None:
    """Let the calling thread compute alone; for workers that share the cores among themselves."""
    import torch  # noqa: PLC0415 - takes seconds to import

    torch.set_num_threads(1)


@contextmanager
def repeatable(threads: int, device: str) -> Iterator[None]:
    """Compute with so many threads, by operations that give the same bits every time, and a seed of one's own."""
    import torch  # noqa: PLC0415 - takes seconds to import

    strict, warn = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    # Only warn where CUDA has no repeatable form of an operation: the promise of equal bits is made for the CPU.
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        with torch_threads(threads), torch.random.fork_rng([torch.cuda.current_device()] if device != "cpu" else []):
            yield
    finally:
        torch.use_deterministic_algorithms(strict, warn_only=warn)


def usable_device(wanted: str) -> str:
    """Give `wanted`, or "cpu" with a warning where it is "cuda" and a small product on it does not work."""
    if wanted == "cpu":
        return "cpu"
    import torch  # noqa: PLC0415 - takes seconds to import

    try:
        (torch.ones(2, 2, device=wanted) @ torch.ones(2, 2, device=wanted)).sum().item()
    except (RuntimeError, AssertionError) as failed:
        log.warning("device %s cannot be used (%s); computing on the cpu", wanted, str(failed).splitlines()[0])
        return "cpu"
    return wanted
