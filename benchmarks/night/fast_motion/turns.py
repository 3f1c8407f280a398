"""A night: what the schedule does at a moment, as plain functions in this process."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from benchmarks.night.fast_motion.servers import Database
from benchmarks.night.fast_motion.small_shop import NIGHT, SmallShop, midnight
from flows.failures import describe_failure
from flows.session import Session
from flows.steps.arrivals.watch import watch_placement
from flows.steps.keep.prune import prune
from flows.steps.retrain.loop import retrain_loop
from fusion.core.clocks import clock_at

log = logging.getLogger(__name__)
SUCCESS = (0, 4)
"""Exit codes that a scheduler takes for success."""
FINAL = (0, 1, 2, 4)
"""Exit codes after which it does not try again."""


@dataclass(frozen=True)
class Step:
    """A verb and how it ended.

    Attributes:
        verb: such as `watch`.
        code: its exit code; -9 where it was killed.
        seconds: that it took.
        trained: whether a run was trained.
        message: of a failure, or the reasons why nothing was shown.
    """

    verb: str
    code: int
    seconds: float
    trained: bool = False
    message: str = ""


@dataclass
class Night:
    """A night of the shop.

    Attributes:
        number: from 0.
        shop: whose night it is.
        database: of the shop.
        now: the moment on its clock.
        steps: what was done so far.
    """

    number: int
    shop: SmallShop
    database: Database
    steps: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.now: datetime = midnight(self.number) + NIGHT

    def turn(self) -> None:
        """Do what the schedule does: watch, ask the policy and train, prune."""
        self.do("watch", watch_placement)
        self.do("retrain", retrain_loop)
        self.do("prune", prune)

    def try_again(self) -> None:
        """Do it once more, an hour later."""
        self.now += timedelta(hours=1)
        self.turn()

    def do(self, verb: str, work: Callable[[Session], Any]) -> Step:
        """Do a verb at this moment, and note how it ended.

        Args:
            verb: its name.
            work: of a session.

        Returns:
            The step.
        """
        started = time.perf_counter()
        outcome, code, message = None, 0, ""
        try:
            with opened(self.shop) as session, clock_at(self.now):
                outcome = work(session)
        except Exception as failure:
            code, message = describe_failure(failure)
            log.warning(
                "%s ended with %d: %s", verb, code, message, exc_info=code not in (1, 2, 75)
            )
        else:
            code = getattr(outcome, "exit_code", 0)
            message = " ".join(getattr(outcome, "refusals", ()))
        trained = getattr(outcome, "trained", None) is not None
        step = Step(verb, code, round(time.perf_counter() - started, 3), trained, message)
        self.steps.append(step)
        return step

    @property
    def is_trained(self) -> bool:
        """Whether a run was trained and shown."""
        return any(step.trained and step.code in SUCCESS for step in self.steps)

    @property
    def is_worth_another_try(self) -> bool:
        """Whether a turn ended as what is tried again: killed, temporarily, or unexpectedly."""
        turns = [step for step in self.steps if step.verb == "retrain"]
        return any(step.code not in FINAL for step in turns) and not self.is_trained


@contextmanager
def opened(shop: SmallShop) -> Iterator[Session]:
    """Open a session of a shop, as each verb does, and close its database afterwards.

    Args:
        shop: whose.

    Yields:
        The session.
    """
    session = Session.open(shop.config, by="schedule", attended=False)
    try:
        yield session
    finally:
        if "engine" in vars(session):
            session.engine.dispose()
