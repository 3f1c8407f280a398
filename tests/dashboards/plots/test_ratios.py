import re

import pytest

from dashboards.plots.ratios import Ratio, ratios


def xs(markup: str, name: str) -> list[float]:
    return [float(found) for found in re.findall(rf'{name}="([\d.]+)"', markup)]


def test_twice_as_much_and_half_as_much_are_as_far_from_one():
    rows = [Ratio("most", 2.0, 1.8, 2.3), Ratio("one", 1.0), Ratio("least", 0.5, 0.4, 0.6)]
    picture = ratios("Exposure", "said", rows, unit="times")
    most, one, least = xs(picture.markup, "cx")
    assert most - one == pytest.approx(one - least, abs=0.2)
    assert xs(picture.markup, "x1")[0] == pytest.approx(one, abs=0.1)
    assert picture.markup.count("whisker") == 2
    assert 'class="limit"' not in picture.markup
    assert [row[1] for row in picture.rows] == ["2.00", "1.00", "0.50"]
    assert picture.rows[1] == ("one", "1.00", "–", "–")


def test_limits_stand_at_both_sides_and_in_view():
    picture = ratios("Exposure", "said", [Ratio("one", 1.1, 1.0, 1.2)], limit=4.0)
    one, high, low = xs(picture.markup, "x1")
    assert picture.markup.count('class="limit"') == 2
    assert high - one == pytest.approx(one - low, abs=0.2)
    assert 166 < low < high < 480 - 74
    assert ">4</text>" in picture.markup
    assert ">1/4</text>" in picture.markup


@pytest.mark.parametrize("value", [0.0, 1e-9, 1e9])
def test_what_is_nothing_or_beyond_the_scale_is_cut_and_written_in_full(value):
    picture = ratios("Exposure", "<i>", [Ratio("a<b", value, 0.0, None)])
    (dot,) = xs(picture.markup, "cx")
    assert 166 < dot < 480 - 74
    assert picture.rows[0][1] == f"{value:.2f}"
    assert "a<b" not in picture.markup
    assert "&lt;i&gt;" in picture.markup
