import re

import numpy as np

from dashboards.plots.charts import Bar, bars, histogram


def test_a_histogram_has_a_bar_for_each_twentieth_and_heights_are_shares():
    picture = histogram(np.array([0.0, 0.01, 1.0]))
    heights = [float(found) for found in re.findall(r'class="bar" .*? height="([\d.]+)"', picture)]
    assert len(heights) == 20
    assert heights[0] == 2 * heights[19] > 0
    assert "0.00 to 0.05: 66.7% of users" in picture
    assert "chance" not in picture
    assert 'class="chance"' in histogram(np.array([0.5]), np.array([0.1]))


def test_bars_are_as_long_as_their_values_and_names_are_escaped():
    picture = bars([Bar("a<b", 2, "two"), Bar("a name that is far too long", 1, "one", 0.5, 3)])
    widths = [float(found) for found in re.findall(r'width="([\d.]+)" height="18"', picture)]
    assert abs(widths[0] - 2 * widths[1]) < 0.2
    assert "a&lt;b" in picture
    assert "a<b" not in picture
    assert "a name that is fa…" in picture
    assert picture.count("whisker") == 1


def test_nothing_to_draw_is_no_error():
    assert histogram(np.array([])).startswith("<svg")
    assert "0" in bars([Bar("zero", 0, "0")])
