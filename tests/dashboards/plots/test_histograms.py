import re

from dashboards.plots.histograms import histogram


def test_a_bar_for_each_share_and_an_outline_of_chance():
    picture = histogram("Overlap", "said", [0.5, 0.25, 0.25], [0.0, 0.0, 1.0])
    heights = [
        float(one) for one in re.findall(r'class="bar".*? height="([\d.]+)"', picture.markup)
    ]
    assert heights[0] == 2 * heights[1] > 0
    assert 'class="chance"' in picture.markup
    assert picture.rows[0] == ("0.00 to 0.33", "50.0%", "0.0%")
    assert "chance" not in histogram("Overlap", "said", [1.0]).markup


def test_nobody_is_no_error():
    assert histogram("Overlap", "said", [0.0, 0.0]).markup.startswith("<svg")
