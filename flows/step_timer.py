"""Timing the steps of a run."""

import logging
import time
from collections.abc import Callable

from flows.malloc import trim
from fusion.core.progress import Step, T

log = logging.getLogger(__name__)


class StepTimer:
    """A step that times the steps it passes on; `seconds` by name, for the manifest."""

    def __init__(self, step: Step) -> None:
        self.step = step
        self.seconds: dict[str, float] = {}

    def __call__(self, name: str, work: Callable[[], T], /) -> T:
        """Run a step and note how long it took."""
        started = time.monotonic()
        try:
            return self.step(name, work)
        finally:
            self.seconds[name] = round(time.monotonic() - started, 2)
            trim()
            log.info("step done name=%r seconds=%.1f", name, self.seconds[name])
