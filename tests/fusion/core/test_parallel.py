"""Work side by side: together where memory allows, else one by one; stopped together."""

import time
from contextvars import ContextVar
from threading import Barrier, Event, Lock

import numpy as np
import pytest

from fusion.core.arrays import blocks
from fusion.core.parallel import (
    LEAST_USERS,
    MOST_USERS,
    N_PARTS,
    Stopped,
    bounded_pool,
    cut_parts,
)

flow = ContextVar("flow", default="none")


def test_pieces_run_side_by_side():
    meeting = Barrier(2, timeout=30)
    with bounded_pool(2, memory=1.0) as pool:
        both = [pool.submit(0.1, meeting.wait) for _ in range(2)]
    assert sorted(one.result() for one in both) == [0, 1]


@pytest.mark.parametrize(("gib", "most"), [(0.4, 2), (0.6, 1), (7.0, 1)])
def test_memory_decides_how_many_run_at_once(gib, most):
    running, peak = [0], [0]
    lock = Lock()

    def work():
        with lock:
            running[0] += 1
            peak[0] = max(peak[0], running[0])
        time.sleep(0.02)
        with lock:
            running[0] -= 1

    with bounded_pool(3, memory=1.0) as pool:
        for _ in range(6):
            pool.submit(gib, work)
    assert peak[0] == most


def test_what_goes_wrong_ends_long_work_and_drops_the_rest():
    begun = Event()
    pools, ended, after = [], [], []

    def long():
        progress = pools[0].stoppable(lambda done, total: None)
        begun.set()
        try:
            while True:
                progress(1, 2)
                time.sleep(0.001)
        except Stopped:
            ended.append(True)
            raise

    def run():
        with bounded_pool(1, memory=1.0) as pool:
            pools.append(pool)
            pool.submit(0.1, long)
            pool.submit(0.1, lambda: after.append(True))
            assert begun.wait(30)
            raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        run()
    assert ended == [True]
    assert not after


def test_pieces_see_the_context_they_were_submitted_in():
    flow.set("retrain")
    with bounded_pool(1, memory=1.0) as pool:
        seen = pool.submit(0.1, flow.get)
    assert seen.result() == "retrain"


class TestParts:
    def cut(self, n_users, block):
        rows = np.arange(n_users, dtype=np.int32)
        return cut_parts([rows[part] for part in blocks(n_users, block)])

    @pytest.mark.parametrize("n_users", [1, 499, 3_000, 8_001, 200_000, 1_000_000])
    def test_parts_are_whole_blocks_in_their_order(self, n_users):
        block = 300
        parts = self.cut(n_users, block)
        assert np.array_equal(np.concatenate(parts), np.arange(n_users))
        sizes = [len(part) for part in parts]
        assert all(size % block == 0 for size in sizes[:-1])
        assert all(LEAST_USERS <= size < MOST_USERS + block for size in sizes[:-1])

    def test_there_are_some_for_each_of_a_few_workers_as_soon_as_there_are_users(self):
        assert len(self.cut(499, 300)) == 1
        assert len(self.cut(16 * LEAST_USERS, LEAST_USERS)) == N_PARTS
        assert len(self.cut(1_000_000, 2_000)) == 1_000_000 / MOST_USERS

    def test_without_users_there_is_none(self):
        assert cut_parts([]) == []
