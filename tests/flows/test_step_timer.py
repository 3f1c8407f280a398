"""Costs of steps: whose seconds they are, also where steps run side by side."""

import time
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from threading import Barrier

import numpy as np
import pytest
from rich.console import Console

from flows.cli.screens.profile import SHOWN, print_profile
from flows.step_timer import StepTimer
from fusion.core.progress import run_plain

BUSY = 0.2
"""CPU seconds of a busy step: far above the ticks of the clocks."""


def burn(seconds: float = BUSY) -> None:
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


def test_a_step_that_waits_has_seconds_and_one_that_works_has_cpu_seconds_too():
    timer = StepTimer(run_plain)
    timer("wait", lambda: time.sleep(BUSY))
    timer("work", lambda: burn(5 * BUSY))
    wait, work = sorted(timer.costs, key=lambda cost: cost.name)
    assert wait.seconds >= BUSY
    # Threads that tests before left behind may work meanwhile.
    assert wait.cpu_seconds < work.cpu_seconds / 2
    assert work.cpu_seconds >= 5 * BUSY * 0.9
    assert timer.seconds == {"wait": wait.seconds, "work": work.seconds}


def test_steps_side_by_side_share_cpu_seconds_and_none_is_counted_twice():
    timer = StepTimer(run_plain)
    together = Barrier(2)

    def work() -> None:
        together.wait()
        burn()
        together.wait()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda name: timer(name, work), ("one", "other")))
    profile = timer.profile()
    one, other = profile.steps
    assert one.cpu_seconds == pytest.approx(other.cpu_seconds, abs=BUSY / 2)
    inside = one.cpu_seconds + other.cpu_seconds
    assert inside + profile.outside_cpu_seconds == pytest.approx(profile.cpu_seconds, abs=0.02)
    assert inside >= BUSY * 1.8


def test_what_no_step_used_is_outside():
    timer = StepTimer(run_plain)
    timer("step", lambda: None)
    burn()
    profile = timer.profile()
    assert profile.outside_cpu_seconds >= BUSY * 0.9
    (step,) = profile.steps
    assert step.cpu_seconds < BUSY / 2


def test_memory_is_that_of_the_step_that_took_it():
    timer = StepTimer(run_plain)
    taken = timer("large", lambda: np.ones(timer.profile().peak_mb * 2**17 * 2))
    del taken
    timer("small", lambda: None)
    large, small = timer.costs
    assert large.raised_mb >= large.peak_mb / 4
    assert (small.raised_mb, small.peak_mb) == (0, large.peak_mb)


def test_a_step_that_fails_has_its_cost():
    timer = StepTimer(run_plain)
    with pytest.raises(ZeroDivisionError):
        timer("fail", lambda: 1 / 0)
    assert [cost.name for cost in timer.costs] == ["fail"]


def test_a_new_turn_begins_at_nothing():
    timer = StepTimer(run_plain)
    timer("work", burn)
    timer.restart()
    profile = timer.profile()
    assert profile.steps == ()
    assert profile.cpu_seconds < BUSY / 2


def test_the_ten_dearest_are_shown_and_the_others_summed():
    timer = StepTimer(run_plain)
    timer("dearest", lambda: time.sleep(BUSY))
    for number in range(SHOWN + 1):
        timer(f"cheap {number}", lambda: None)
    shown = StringIO()
    print_profile(Console(file=shown, width=100), timer.profile())
    lines = shown.getvalue().splitlines()
    first = next(line for line in lines if "dearest " in line and "steps" not in line)
    assert first.split()[1].startswith("0.")
    assert sum("cheap" in line for line in lines) == SHOWN - 1
    assert any(line.split()[:2] == ["2", "others"] for line in lines)
    assert any("outside of steps" in line for line in lines)
