"""A timer for the steps of a run."""

import logging
import time
from collections.abc import Callable

from flows.malloc import trim
from fusion.core.progress import Step, T

log = logging.getLogger(__name__)


class StepTimer:
    """A step function that times the steps it passes on.

    Attributes:
        step: the step function that runs them.
        seconds: wall-clock seconds by the name of a step, for the manifest.
    """

    def __init__(self, step: Step) -> None:
        self.step = step
        self.seconds: dict[str, float] = {}

    def __call__(self, name: str, work: Callable[[], T], /) -> T:
        """Run a step, note how long it took, and give its free memory back.

        Args:
            name: of the step.
            work: the step.

        Returns:
            What the step returns.
        """
        started = time.monotonic()
        try:
            return self.step(name, work)
        finally:
            elapsed = time.monotonic() - started
            self.seconds[name] = round(elapsed, 2)
            trim()
            log.info("step done name=%r seconds=%.1f", name, self.seconds[name])
