"""Training in steps, with a clock and a search for the number of steps. Imports torch."""

import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from fusion.core.progress import Progress

M = TypeVar("M", bound=nn.Module)
CURVE = "curve"
"""Key of a fit's notes: what checks of held-out events gained, by step."""
FINAL_RATE = 0.02
"""Share of the learning rate that is left in the end: a fiftieth."""


@dataclass
class Clock:
    """A safety cap on time.

    Attributes:
        seconds: seconds left at the start; None never ends.
    """

    seconds: float | None

    def __post_init__(self) -> None:
        self.end = None if self.seconds is None else time.monotonic() + self.seconds

    def half(self) -> "Clock":
        """Start a clock that ends when half of the time left is over."""
        if self.end is None:
            return Clock(None)
        left = max(0.0, self.end - time.monotonic())
        return Clock(left / 2)

    @property
    def over(self) -> bool:
        """True when the time is up."""
        return self.end is not None and time.monotonic() >= self.end


class Training(ABC, Generic[M]):
    """Adam with a learning rate that falls evenly until step `most`; a child defines the loss.

    The step at which training ends decides nothing before it, so a training cut short by the clock
    is repeated by asking for as many steps.

    Attributes:
        model: the network, trained in place.
        config: has `learning_rate`, `check` (steps between two checks) and `patience` (checks).
        most: step at which the learning rate has fallen to its end.
        steps: steps taken, counted from `first`.
        first: step at which this training began; above 0 in a warm start.
    """

    def __init__(self, model: M, config: Any, most: int) -> None:
        """Set up Adam.

        Args:
            model: a network on its device.
            config: the settings of its source.
            most: step at which the learning rate has fallen to its end.
        """
        self.model = model
        self.config = config
        self.most = most
        self.steps = 0
        self.first = 0
        self._optimizer = torch.optim.Adam(model.parameters(), lr=config.learning_rate, fused=True)

    @abstractmethod
    def loss(self) -> Tensor:
        """Return the loss of the next batch, a scalar with a gradient."""

    def begin_at(self, step: int) -> None:
        """Count from a later step: the learning rate is what it would be by then.

        Args:
            step: steps that count as taken.
        """
        self.steps = step
        self.first = step

    def run(self, until: int, clock: Clock, progress: Progress) -> bool:
        """Train.

        Args:
            until: step to train up to.
            clock: ends training earlier, but not before one step is taken.
            progress: called after each step.

        Returns:
            False when the clock ended it.
        """
        self.model.train()
        while self.steps < until:
            if clock.over and self.steps > self.first:
                return False
            self._step()
            self.steps += 1
            progress(self.steps, until)
        return True

    def _step(self) -> None:
        loss = self.loss()
        rate = max(FINAL_RATE, 1 - self.steps / self.most)
        for group in self._optimizer.param_groups:
            group["lr"] = self.config.learning_rate * rate
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()


class Check(Protocol):
    """Held-out events, by which the number of steps is found."""

    def gain(self, model: Any) -> float:
        """Measure how well a model predicts the held-out events.

        Args:
            model: the network under training.

        Returns:
            A number; higher is better.
        """


@dataclass(frozen=True)
class StepSearch:
    """Result of a search for the number of steps.

    Attributes:
        steps: number of steps with the best check.
        capped_at: step at which the clock ended the search; None where it ended by itself.
        gains: step and gain of each check.
    """

    steps: int
    capped_at: int | None = None
    gains: tuple[tuple[int, float], ...] = ()


def find_steps(
    training: Training[M], held_out: Check, clock: Clock, progress: Progress
) -> StepSearch:
    """Train until the checks get no better, and find the step with the best one.

    A check is averaged with the one before it: single checks of few users are mostly chance.

    Args:
        training: a fresh training on data without the held-out events.
        held_out: the held-out events.
        clock: ends the search.
        progress: called after each step.

    Returns:
        The number of steps, at most `training.most`.
    """
    config = training.config
    most = training.most

    def report(done: int, _: int) -> None:
        progress(done, most)

    best = min(config.check, most)
    best_value = -np.inf
    before = -np.inf
    gains: list[tuple[int, float]] = []
    while training.steps < most:
        until = min(training.steps + config.check, most)
        if not training.run(until, clock, report):
            return StepSearch(min(best, training.steps), training.steps, tuple(gains))
        gain = held_out.gain(training.model)
        gains.append((training.steps, gain))
        value = gain if before == -np.inf else (gain + before) / 2
        before = gain
        if value > best_value:
            best = training.steps
            best_value = value
        if training.steps - best >= config.patience * config.check:
            break
    return StepSearch(best, gains=tuple(gains))


def curve_text(search: StepSearch) -> str:
    """Write the checks of a search for the notes of a fit, which hold plain values.

    Args:
        search: a finished search.

    Returns:
        Such as "100=0.1234 200=0.1301"; "" where nothing was checked.
    """
    return " ".join(f"{step}={gain:.6g}" for step, gain in search.gains)


def capped_search(search: StepSearch) -> list[str]:
    """Describe where the clock ended a search, for the notes of a fit.

    Args:
        search: a finished search.

    Returns:
        One phrase, or none where the search ended by itself.
    """
    if search.capped_at is None:
        return []
    return [f"step {search.capped_at} of the search for the number of steps"]
