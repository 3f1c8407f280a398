"""Data that parts work on one after the other is opened once, and let go of for other work."""

import numpy as np
import pytest

from fusion.runs.stages.handover import Handover
from fusion.testing.data import mixed_data
from fusion.training.elsewhere.opened_data import forget_data, opened_data


@pytest.fixture(autouse=True)
def nothing_kept():
    forget_data()
    yield
    forget_data()


def test_the_next_part_has_what_was_computed_for_the_one_before(tmp_path):
    data = mixed_data()
    handover = Handover(tmp_path)
    whole, part = handover.dataset(data), handover.dataset(data.take(slice(0, len(data) // 2)))
    opened = opened_data(whole)
    order = opened.known.by_user
    assert opened_data(whole).known.by_user is order
    assert opened_data(whole).statistics.timeline is opened.statistics.timeline
    np.testing.assert_array_equal(order[0], data.by_user[0])
    # Another fold takes its place, and is not mistaken for it.
    assert len(opened_data(part).known) == len(data) // 2
    assert opened_data(whole) is not opened


def test_other_work_has_the_memory_to_itself(tmp_path):
    folder = Handover(tmp_path).dataset(mixed_data())
    opened = opened_data(folder)
    forget_data()
    assert opened_data(folder) is not opened
