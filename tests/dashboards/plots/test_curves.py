import re

from dashboards.plots.curves import HEIGHT, curve


def ys(markup: str, kind: str) -> list[float]:
    points = re.search(rf'class="{kind}" points="([^"]+)"', markup)[1]
    return [float(point.split(",")[1]) for point in points.split()]


def test_the_line_rises_with_the_figure_and_zero_is_in_view():
    picture = curve("<x>", "said", [1, 2, 3], [0.1, 0.2, 0.3], [0.2, 0.3, 0.4], [0.3, 0.4, 0.5])
    line = ys(picture.markup, "line")
    assert line == sorted(line, reverse=True)
    zero = float(re.search(r'class="grid".*? y1="([\d.]+)"', picture.markup)[1])
    assert max(line) < zero < HEIGHT
    assert len(ys(picture.markup, "band")) == 6
    assert "<x>" not in picture.markup
    assert picture.rows[0] == ("1", "+0.1000", "+0.2000", "+0.3000")


def test_a_feature_that_adds_nothing_is_no_error():
    picture = curve("x", "said", [0, 1], [0, 0], [0, 0], [0, 0])
    assert picture.markup.startswith("<svg")
