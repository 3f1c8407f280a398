import re

from dashboards.plots import bullets as bullets_plot
from dashboards.plots.bullets import Bullet, bullets


def widths(markup: str, kind: str) -> list[float]:
    return [float(found) for found in re.findall(rf'class="{kind}".*? width="([\d.]+)"', markup)]


def test_limits_of_different_measures_stand_in_one_line():
    rows = [Bullet("psi", 0.4, 0.02, 0.2, True), Bullet("js", 0.05, 0.05, 0.1, False)]
    picture = bullets("Drift", "said", rows)
    over, under = widths(picture.markup, "bar over")[0], widths(picture.markup, "bar")[0]
    assert abs(over - 4 * under) < 0.5
    assert picture.markup.count('class="limit"') == 1
    assert picture.rows[0] == ("psi", "0.4000", "0.0200", "0.2000", "yes")


def test_what_is_far_past_its_limit_is_cut_and_the_limit_stays_in_view():
    picture = bullets("Drift", "said", [Bullet("<b>", 50.0, 0.0, 0.2, True)])
    assert widths(picture.markup, "bar over") == [bullets_plot.ROOM]
    assert "50.000" in picture.markup
    assert "<b>" not in picture.markup


def test_what_is_far_below_its_limit_leaves_the_limit_in_view():
    picture = bullets("Drift", "said", [Bullet("x", 0.0, 0.0, 0.2, False)])
    limit = float(re.findall(r'class="limit" x1="([\d.]+)"', picture.markup)[0])
    assert limit < bullets_plot.LEFT + bullets_plot.ROOM
