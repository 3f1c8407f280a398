"""Limits of stages and runs: what takes too long is named, and ended with all that it started.

A thread of its own looks at the steps that run. It first interrupts the main thread, which ends in
order, as by Ctrl+C. Work that no interruption reaches, in another thread or in a library, is killed
with the process.
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from flows.failures import say_last_words
from flows.session import Session
from flows.step_timer import StepTimer
from fusion.errors import TookTooLong
from fusion.isolation.supervisor import end_descendants

log = logging.getLogger(__name__)
STAGE_SECONDS = 6 * 3600.0
"""Limit of a stage where nobody watches: no stage of tens of millions of rows comes near it."""
RUN_SECONDS = 20 * 3600.0
"""Limit of a run where nobody watches: one that hangs has ended before the next night."""
LOOK_EVERY = 0.5
"""Seconds between two looks at the steps that run."""
GRACE = 30.0
"""Seconds in which interrupted work may end in order."""
LAST_WORDS = 20.0
"""Seconds for noting in the database, and saying, why the process is killed."""
SIGNAL = signal.SIGUSR1
"""Interrupts the main thread; nothing else of ours uses it."""


class TimeLimits:
    """The limits of one run, and the thread that holds it to them.

    Attributes:
        interrupts: whether the work is done by the main thread, which takes the signal.
        on_kill: notes why the process is killed, where the work itself cannot any more.
    """

    def __init__(self, timer: StepTimer, stage: float | None, run: float | None) -> None:
        """Keep the limits; `start` begins to look.

        Args:
            timer: runs the steps.
            stage: seconds that a step may take; None sets no limit, and likewise below.
            run: seconds that all may take since the timer was restarted.
        """
        self._timer, self._stage, self._run = timer, stage, run
        self.interrupts = threading.current_thread() is threading.main_thread()
        self.on_kill: Callable[[TookTooLong], None] = lambda _: None
        self._ended = threading.Event()
        self._reason: TookTooLong | None = None
        self._thread = threading.Thread(target=self._look, name="time limits", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def end(self) -> None:
        """Stop looking: the work has ended."""
        self._ended.set()
        self._thread.join()

    def interrupt(self, number: int, frame: FrameType | None) -> None:
        """Raise in the main thread what the other has found.

        Args:
            number: of the signal.
            frame: where the main thread is.

        Raises:
            TookTooLong: a stage, or the run.
        """
        if self._reason and not self._ended.is_set():
            raise self._reason

    def _look(self) -> None:
        while not self._ended.wait(LOOK_EVERY):
            self._reason = self._excess()
            if self._reason is None:
                continue
            log.error("%s", self._reason)
            if self.interrupts:
                signal.pthread_kill(threading.main_thread().ident or 0, SIGNAL)
            if not self._goes_on(GRACE):
                continue
            self._kill(self._reason)

    def _excess(self) -> TookTooLong | None:
        """Return what takes too long, if anything does."""
        for name, seconds in self._timer.running().items():
            if self._stage and seconds > self._stage:
                return _too_long(f"stage {name!r}", "stage_seconds", self._stage)
        if self._run and self._timer.elapsed() > self._run:
            stages = ", ".join(map(repr, self._timer.running())) or "none"
            return _too_long(f"the run (in stage {stages})", "run_seconds", self._run)
        return None

    def _goes_on(self, seconds: float) -> bool:
        """Wait for interrupted work, and return whether it takes too long still."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self._ended.wait(LOOK_EVERY) or self._excess() is None:
                return False
        return True

    def _kill(self, reason: TookTooLong) -> None:
        """End this process with all that it started, whatever it hangs in."""
        for last_word in (self.on_kill, say_last_words):
            # Either may hang on what the work holds.
            speaking = threading.Thread(target=_quietly, args=(last_word, reason), daemon=True)
            speaking.start()
            speaking.join(LAST_WORDS)
        end_descendants()
        os._exit(reason.exit_code)


@contextmanager
def limited(session: Session) -> Iterator[TimeLimits]:
    """Hold the block to [limits] stage_seconds and run_seconds.

    Without them there are limits where nobody watches: in a deployment of Prefect, and where
    standard input is no terminal.

    Args:
        session: the configuration and the timer of the steps.

    Yields:
        The limits.

    Raises:
        TookTooLong: a stage or the run took longer.
    """
    settings = session.config.limits
    stage, run = settings.stage_seconds, settings.run_seconds
    if not session.attended:
        stage, run = stage or STAGE_SECONDS, run or RUN_SECONDS
    limits = TimeLimits(session.timer, stage, run)
    # In another thread nobody may set handlers, and what hangs is killed.
    before = signal.signal(SIGNAL, limits.interrupt) if limits.interrupts else None
    limits.start()
    try:
        yield limits
    except TookTooLong:
        # What a thread that hangs has started; the thread itself ends with the process.
        end_descendants()
        raise
    finally:
        limits.end()
        if limits.interrupts:
            signal.signal(SIGNAL, before)


def exit_soon(failure: TookTooLong) -> None:
    """End this process in a moment, which a thread that hangs would keep from ending.

    Args:
        failure: that its work ended with.
    """
    ending = threading.Timer(GRACE, os._exit, (failure.exit_code,))
    ending.daemon = True
    ending.start()


def _too_long(what: str, setting: str, limit: float) -> TookTooLong:
    return TookTooLong(
        f"{what} took longer than {limit:,.0f} s ([limits] {setting}) and was ended with all that "
        "it started; what is live stays live. See what it waits for, or allow more"
    )


def _quietly(last_word: Callable[[TookTooLong], None], reason: TookTooLong) -> None:
    with suppress(Exception):
        last_word(reason)
