"""Sparklines: where values lie, that limits are in view, and that nothing overlaps."""

import re
from itertools import pairwise

from dashboards.plots.sparkline import Line, sparkline

MOMENTS = ["mon", "tue", "wed", "thu"]


def draw(*lines, **more):
    return sparkline("Churn", "what moved", MOMENTS, lines, lambda one: f"{one:.2f}", **more)


def points(markup, kind):
    found = re.findall(rf'<polyline class="{kind}" points="([^"]+)"', markup)
    return [[tuple(map(float, pair.split(","))) for pair in one.split()] for one in found]


def test_higher_values_lie_higher_and_zero_lies_on_the_axis():
    markup = draw(Line("a", [0.0, 1.0, 2.0, 4.0])).markup
    (line,) = points(markup, "line")
    assert [x for x, _ in line] == sorted(x for x, _ in line)
    assert [y for _, y in line] == sorted((y for _, y in line), reverse=True)
    axis = float(re.search(r'class="grid"[^>]* y1="([\d.]+)"', markup)[1])
    assert line[0][1] == axis


def test_a_limit_far_above_all_values_is_in_view():
    markup = draw(Line("a", [0.1] * 4), Line("limit", [0.6] * 4, "limit")).markup
    (limit,), (line,) = points(markup, "limit"), points(markup, "line")
    assert 0 < limit[0][1] < line[0][1]
    assert "limit 0.60</text>" in markup


def test_a_limit_of_one_moment_is_a_line():
    markup = draw(Line("a", [None] * 3 + [0.1]), Line("limit", [None] * 3 + [0.6], "limit")).markup
    assert '<line class="limit"' in markup


def test_a_line_is_broken_where_there_is_no_value_and_single_values_are_points():
    markup = draw(Line("a", [1.0, 2.0, None, 3.0])).markup
    assert [len(one) for one in points(markup, "line")] == [2]
    assert markup.count("<circle") == 3


def test_names_never_lie_over_each_other_and_stay_in_the_picture():
    lines = [Line(name, [1.0] * 4, "soft") for name in "abcde"]
    markup = draw(*lines).markup
    heights = [float(y) for y in re.findall(r'<text x="2\d\d" y="([\d.]+)">\w 1', markup)]
    assert len(heights) == 5
    assert all(later - before >= 13 for before, later in pairwise(sorted(heights)))
    assert max(heights) <= 120


def test_moments_lie_where_they_are():
    markup = draw(Line("a", [1.0] * 4), positions=[0.0, 1.0, 2.0, 10.0]).markup
    (line,) = points(markup, "line")
    xs = [x for x, _ in line]
    assert xs[1] - xs[0] < (xs[3] - xs[2]) / 7


def test_the_table_has_all_numbers_newest_first_and_markup_is_escaped():
    picture = draw(Line("<b>", [None, 1.0, 2.0, 3.0]), heading="Day")
    assert picture.columns == ["Day", "<b>"]
    assert [list(row) for row in picture.rows] == [
        ["thu", "3.00"],
        ["wed", "2.00"],
        ["tue", "1.00"],
        ["mon", "–"],
    ]
    assert "<b>" not in picture.markup


def test_nothing_to_draw_is_no_picture():
    assert draw(Line("a", [None] * 4)) is None
    assert sparkline("t", "d", [], [Line("a", [])], str) is None
    assert draw(Line("a", [0.0] * 4)) is not None


def test_values_close_together_fill_the_picture_where_that_is_said():
    near, limit = Line("a", [0.9, 1.0, 0.95, 1.0]), Line("limit", [0.8] * 4, "limit")
    from_zero, from_near = draw(near, limit).markup, draw(near, limit, beginning="from").markup
    assert "from 0.60</text>" in from_near
    assert "from" not in from_zero

    def _height(markup):
        (line,) = points(markup, "line")
        return max(y for _, y in line) - min(y for _, y in line)

    assert _height(from_near) > 2 * _height(from_zero)
    # Values that reach far down need no other axis.
    assert "from" not in draw(Line("a", [0.1, 1.0, 0.5, 0.2]), beginning="from").markup


def test_many_moments_have_one_point():
    moments = [str(place) for place in range(200)]
    line = Line("a", [1.0] * 200)
    markup = sparkline("t", "d", moments, [line], str).markup
    assert markup.count("<circle") == 1
