"""Named steps of long work, and its progress. Imports nothing heavy, since every verb needs it."""

from collections.abc import Callable
from typing import Protocol, TypeVar

T = TypeVar("T")
Progress = Callable[[int, int], None]
"""Called with (done, total) during long work."""


class Step(Protocol):
    """A way to run named work: plainly, or as a task of an orchestrator."""

    def __call__(self, name: str, work: Callable[[], T], /) -> T:
        """Run a piece of work.

        Args:
            name: for logs and for the orchestrator.
            work: the work, without arguments.

        Returns:
            The result of `work`.
        """


def run_plain(name: str, work: Callable[[], T], /) -> T:
    """Run a step by calling it.

    Args:
        name: not used here; the plain form of `Step`.
        work: the work, without arguments.

    Returns:
        The result of `work`.
    """
    return work()


def quiet(done: int, total: int) -> None:
    """Ignore progress.

    Args:
        done: units of work done.
        total: units of work in all.
    """


def no_progress(name: str) -> Progress:
    """Return a progress that nobody follows.

    Args:
        name: of the work; any.

    Returns:
        `quiet`.
    """
    return quiet
