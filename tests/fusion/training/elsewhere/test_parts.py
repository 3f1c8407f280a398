"""Parts of work on many users: in their order, within memory, and never without one of them."""

from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from fusion.compute.processes import TRIES, ProcessExecutor
from fusion.errors import ExecutorLost
from fusion.isolation.failure import WorkFailed
from fusion.runs.stages.runtime import Runtime
from fusion.runs.stages.store import Store
from fusion.training.elsewhere.parts import UsersTask, made_parts
from tests.fusion.compute import acts

PARTS = [np.array([number] * (number + 1), np.int32) for number in range(3)]


@pytest.fixture(scope="module")
def processes():
    with closing(ProcessExecutor(2, acts.IDENTITY)) as processes:
        yield processes


@pytest.fixture
def runtime(processes, tmp_path):
    return Runtime(Store(tmp_path / "store"), memory=1.0, label="lists", executor=processes)


def task(act, gib=0.1, **shared):
    return UsersTask(f"{acts.__name__}:{act}", shared, lambda users: {"users": int(users[0])}, gib)


def lasting(tmp_path, together, seconds=None, gib=0.1):
    of_all = tmp_path / "of all"
    of_all.mkdir()
    more = {"together": together, "seconds": seconds or {}, "of_all": str(of_all)}
    return task("lasts", gib, **more)


def spans(folder, task, runtime):
    with closing(made_parts(folder, task, PARTS, runtime)) as made:
        return [tuple(map(float, (part / "made").read_text().split())) for part in made]


def test_parts_come_in_their_order_whoever_is_done_first(runtime, tmp_path):
    slow_first = lasting(tmp_path, together=2, seconds={"0": 0.5})
    told = []
    heard = replace(runtime, progress=lambda name: lambda *done: told.append((name, *done)))
    folder = tmp_path / "stage"
    folder.mkdir()
    first, second, _ = spans(folder, slow_first, heard)
    assert second[1] < first[1]
    # Each was read where it stood, and has gone.
    assert list(folder.iterdir()) == []
    assert told[-1] == ("lists", 6, 6)
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)


def test_parts_that_need_more_than_half_of_the_memory_wait_for_each_other(runtime, tmp_path):
    ended = 0.0
    for began, end in sorted(spans(tmp_path, lasting(tmp_path, 1, gib=0.6), runtime)):
        assert began >= ended
        ended = end


def test_a_part_that_workers_die_of_ends_the_run_and_is_named(runtime, tmp_path):
    deaths = tmp_path / "deaths"
    deaths.mkdir()
    dying = task("dies_at_first", deaths=str(deaths), most=9, text="")
    with (
        pytest.raises(ExecutorLost, match=r"lists, part-0000\d: .*SIGKILL.*same command") as lost,
        closing(made_parts(tmp_path, dying, PARTS[:1], runtime)) as made,
    ):
        next(made)
    assert lost.value.exit_code == 75
    assert len(list(deaths.iterdir())) == TRIES


def test_a_part_that_fails_by_itself_says_what_was_raised(runtime, tmp_path):
    with (
        pytest.raises(WorkFailed, match="no heart to work"),
        closing(made_parts(tmp_path, task("raises"), PARTS, runtime)) as made,
    ):
        next(made)


def test_who_reads_no_further_waits_for_nothing(runtime, tmp_path):
    with closing(made_parts(tmp_path, task("waits_after_first"), PARTS, runtime)) as made:
        next(made)
    assert list(tmp_path.rglob("made")) != []
