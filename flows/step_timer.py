"""Costs of the steps of a run: seconds, CPU seconds and peak memory."""

import logging
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from threading import Lock

from flows.malloc import trim
from flows.row_counts import rows_of
from fusion.core.progress import Step, T
from fusion.runs.environment import peak_mb

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class StepCost:
    """The cost of one step.

    Attributes:
        name: of the step.
        seconds: wall-clock seconds.
        cpu_seconds: of all threads of the process; steps that ran side by side share equally.
        peak_mb: largest memory of the process by the end of the step, in MiB.
        raised_mb: of that, what the peak rose by while the step ran.
    """

    name: str
    seconds: float
    cpu_seconds: float
    peak_mb: int
    raised_mb: int


@dataclass(frozen=True)
class Profile:
    """The costs of a turn of the loop, from its first step to its last.

    Attributes:
        seconds: wall-clock seconds of the whole turn.
        cpu_seconds: of all threads of the process.
        peak_mb: largest memory of the process, in MiB.
        outside_seconds: seconds in which no step ran.
        outside_cpu_seconds: CPU seconds of these.
        steps: costs of all steps, the dearest first.
    """

    seconds: float
    cpu_seconds: float
    peak_mb: int
    outside_seconds: float
    outside_cpu_seconds: float
    steps: tuple[StepCost, ...]


@dataclass
class _Use:
    """Time that was used so far, by a step that runs or by none.

    Attributes:
        name: of the step; "" of none.
        began: moment at which it began, by the monotonic clock.
        seconds: wall-clock seconds.
        cpu_seconds: the share of the process's CPU seconds.
        peak_before: peak memory when it began, in MiB.
    """

    name: str = ""
    began: float = field(default_factory=time.monotonic)
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_before: int = field(default_factory=peak_mb)


class StepTimer:
    """A step function that notes what the steps cost that it passes on.

    The operating system counts CPU time of the whole process. So it is dealt out, equally among the
    steps that run, each time one begins or ends.
    """

    def __init__(self, step: Step) -> None:
        """Begin to measure.

        Args:
            step: the step function that runs the steps.
        """
        self.step = step
        self._lock = Lock()
        self.restart()

    def restart(self) -> None:
        """Forget all costs: a new turn of the loop begins."""
        self._costs: list[StepCost] = []
        self._running: list[_Use] = []
        self._outside = _Use()
        self._clock = time.monotonic()
        self._cpu_clock = time.process_time()
        self._began = self._clock, self._cpu_clock

    def __call__(self, name: str, work: Callable[[], T], /) -> T:
        """Run a step, note what it cost, and give its free memory back.

        Args:
            name: of the step.
            work: the step.

        Returns:
            What the step returns.
        """
        use = _Use(name)
        with self._lock:
            self._deal_out()
            self._running.append(use)
        result: T | None = None
        try:
            result = self.step(name, work)
            return result
        finally:
            trim()
            with self._lock:
                self._deal_out()
                # By identity: two steps may have used the same.
                self._running = [other for other in self._running if other is not use]
                cost = _cost(name, use)
                self._costs.append(cost)
            if log.isEnabledFor(logging.INFO):
                told = "step done name=%r seconds=%.1f cpu=%.1f"
                # Logs as JSON have all of it, each under its name.
                fields = {"stage": name, **_figures(cost), "rows": rows_of(result)}
                log.info(told, name, use.seconds, use.cpu_seconds, extra={"fields": fields})

    def _deal_out(self) -> None:
        """Charge the time since the last call to the steps that run, or to nobody's account."""
        clock, cpu_clock = time.monotonic(), time.process_time()
        charged = self._running or [self._outside]
        for use in charged:
            use.seconds += clock - self._clock
            use.cpu_seconds += (cpu_clock - self._cpu_clock) / len(charged)
        self._clock, self._cpu_clock = clock, cpu_clock

    def running(self) -> dict[str, float]:
        """Return the seconds that each step took so far which runs now, by its name."""
        now = time.monotonic()
        return {use.name: now - use.began for use in self._running}

    def elapsed(self) -> float:
        """Return the seconds since the turn began."""
        return time.monotonic() - self._began[0]

    @property
    def costs(self) -> list[StepCost]:
        """Costs of the steps that have ended, in the order of their ends."""
        return list(self._costs)

    @property
    def seconds(self) -> dict[str, float]:
        """Wall-clock seconds by the name of a step, for the manifest."""
        return {cost.name: cost.seconds for cost in self._costs}

    def profile(self) -> Profile:
        """Return the costs of the turn so far."""
        with self._lock:
            self._deal_out()
        began, cpu_began = self._began
        dearest_first = sorted(self._costs, key=lambda cost: -cost.seconds)
        return Profile(
            seconds=round(self._clock - began, 2),
            cpu_seconds=round(self._cpu_clock - cpu_began, 2),
            peak_mb=peak_mb(),
            outside_seconds=round(self._outside.seconds, 2),
            outside_cpu_seconds=round(self._outside.cpu_seconds, 2),
            steps=tuple(dearest_first),
        )


def _cost(name: str, use: _Use) -> StepCost:
    """Return what a step that has ended cost."""
    peak = peak_mb()
    return StepCost(
        name=name,
        seconds=round(use.seconds, 2),
        cpu_seconds=round(use.cpu_seconds, 2),
        peak_mb=peak,
        raised_mb=peak - use.peak_before,
    )


def _figures(cost: StepCost) -> dict[str, float]:
    figures = asdict(cost)
    del figures["name"]
    return figures
