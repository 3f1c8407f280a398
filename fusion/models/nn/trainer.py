"""Training by steps: a clock, a step size that falls, and the number of steps that looks at held-out events ask for.

Imports torch.
"""

import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from fusion.core.progress import Progress

M = TypeVar("M", bound=nn.Module)
LEAST = 0.02
"""Share of the step size that is left in the end."""


@dataclass
class Clock:
    """Seconds left of a safety cap; `None` never ends."""

    seconds: float | None

    def __post_init__(self) -> None:
        self.end = None if self.seconds is None else time.monotonic() + self.seconds

    def half(self) -> "Clock":
        """A clock that ends when half of what is left has gone."""
        return Clock(None if self.end is None else max(0.0, self.end - time.monotonic()) / 2)

    @property
    def over(self) -> bool:
        """Whether the time is up."""
        return self.end is not None and time.monotonic() >= self.end


class Training(ABC, Generic[M]):
    """Adam whose step size falls evenly until step `most`; a child says what a step's loss is.

    When to end decides nothing before the end, so that a training cut short by the clock is
    repeated by asking for as many steps. `config` holds `learning_rate`, `check` and `patience`;
    `first`: the step it began at.
    """

    def __init__(self, model: M, config: Any, most: int) -> None:
        self.model, self.config, self.most = model, config, most
        self.steps = self.first = 0
        self._optimizer = torch.optim.Adam(model.parameters(), lr=config.learning_rate, fused=True)

    @abstractmethod
    def loss(self) -> Tensor:
        """The loss of the next batch."""

    def begin_at(self, step: int) -> None:
        """Count as if `step` steps had been taken: the step size is what it would be by then."""
        self.steps = self.first = step

    def run(self, until: int, clock: Clock, progress: Progress) -> bool:
        """Train up to step `until`; False when the clock ended it earlier, after one step at least."""
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
        for group in self._optimizer.param_groups:
            group["lr"] = self.config.learning_rate * max(LEAST, 1 - self.steps / self.most)
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()


class Look(Protocol):
    """Held-out events."""

    def gain(self, model: Any) -> float:
        """How well a model tells them; higher is better."""


def find_steps(
    training: Training[M], held_out: Look, clock: Clock, progress: Progress
) -> tuple[int, int | None]:
    """The number of steps after which what is held out is told best, and the step at which the clock ended the search.

    A look is averaged with the one before it, since single looks at few users are mostly chance.
    """
    config, most = training.config, training.most
    best, best_value, before = min(config.check, most), -np.inf, -np.inf
    while training.steps < most:
        until = min(training.steps + config.check, most)
        if not training.run(until, clock, lambda done, _: progress(done, most)):
            return min(best, training.steps), training.steps
        look = held_out.gain(training.model)
        value = look if before == -np.inf else (look + before) / 2
        before = look
        if value > best_value:
            best, best_value = training.steps, value
        if training.steps - best >= config.patience * config.check:
            break
    return best, None
