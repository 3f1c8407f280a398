"""The contract that every source keeps, and a planted answer of this one."""

import numpy as np
from weekday_source import MS_PER_DAY, Weekday, WeekdayConfig

from fusion.testing import SourceContract
from fusion.testing.data import fit_context, make_dataset

MONDAY = 18_994 * MS_PER_DAY  # 2022-01-03


class TestWeekday(SourceContract):
    """Some thirty tests: shapes, silence, ties, unknown users, restored states, repeatable fits."""

    source = Weekday
    settings = {"everyday": 0.5}  # noqa: RUF012  as short as the docs show it


def test_the_item_of_mondays_comes_first_on_a_monday() -> None:
    """Item 0 happens on Mondays and item 1, more often, on Tuesdays."""
    days = MONDAY + np.array([0, 1, 1, 7, 8, 8]) * MS_PER_DAY
    data = make_dataset(np.arange(6), [0, 1, 1, 0, 1, 1], 6, 2, days)
    model = Weekday(WeekdayConfig(everyday=0.1)).fit(data, fit_context())
    next_week = np.array([14, 15]) * MS_PER_DAY + MONDAY
    on_monday, on_tuesday = model.scores(data.users_at(np.zeros(2, np.int32), next_week))
    assert on_monday.argmax() == 0
    assert on_tuesday.argmax() == 1
