"""Upright bars: their heights, their names, and the numbers beside them."""

import re
from itertools import pairwise

import pytest

from dashboards.plots.columns import columns


def test_bars_are_as_high_as_their_counts():
    picture = columns("Lists", "said", ("rank", "lists"), [("1", 4), ("2", 0), ("<b>", 2)])
    heights = [float(one) for one in re.findall(r'height="([\d.]+)"><title>', picture.markup)]
    assert heights[0] == 2 * heights[2] > 0 == heights[1]
    assert "<b>" not in picture.markup
    assert picture.rows == [("1", "4"), ("2", "0"), ("<b>", "2")]


def test_nothing_at_all_is_drawn_flat():
    assert 'height="0.0"' in columns("Lists", "said", ("rank", "lists"), [("1", 0)]).markup


@pytest.mark.parametrize(("name", "bars"), [("2026-01-01", 40), ("7", 20), ("7", 1000)])
def test_names_below_do_not_run_into_each_other(name, bars):
    picture = columns("Events", "said", ("from", "events"), [(name, 1)] * bars)
    ticks = [float(one) for one in re.findall(r'class="tick" x="([\d.]+)"', picture.markup)]
    assert ticks
    assert all(later - one > 7 * len(name) for one, later in pairwise(ticks))
