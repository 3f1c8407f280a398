"""How long work is run and watched: in named steps, with progress. Imports nothing heavy, since every verb needs it."""

from collections.abc import Callable
from typing import Protocol, TypeVar

T = TypeVar("T")
Progress = Callable[[int, int], None]
"""Called with (done, total) during long work."""


class Step(Protocol):
    """How a named piece of work is run: plainly, or as a task of an orchestrator."""

    def __call__(self, name: str, work: Callable[[], T], /) -> T:
        """Run `work` and give what it gives."""


def run_plain(name: str, work: Callable[[], T], /) -> T:
    """Run a step by calling it."""
    return work()


def quiet(done: int, total: int) -> None:
    """Progress nobody watches."""


def no_progress(name: str) -> Progress:
    """Progress for nobody."""
    return quiet
