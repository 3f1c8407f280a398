import re

from dashboards.plots.dots import Dot, dots


def xs(markup: str, name: str) -> list[float]:
    return [float(found) for found in re.findall(rf'{name}="([\d.]+)"', markup)]


def test_dots_stand_left_and_right_of_the_line_of_zero():
    rows = [Dot("better", 0.02, 0.01, 0.03), Dot("worse", -0.01, -0.02, -0.005, strong=False)]
    picture = dots("Gap", "said", rows, unit="NDCG@10")
    better, worse = xs(picture.markup, "cx")
    zero = xs(picture.markup, "x1")[0]
    assert worse < zero < better
    assert abs((better - zero) - 2 * (zero - worse)) < 0.2
    assert 'class="limit"' in picture.markup
    assert picture.markup.count("whisker") == 2
    assert picture.rows[0] == ("better", "+0.0200", "+0.0100", "+0.0300")


def test_zero_is_in_view_where_all_figures_are_far_above_it():
    picture = dots("Quality", "said", [Dot("one", 0.5), Dot("two", 0.6)], "{:.2f}")
    one, two = xs(picture.markup, "cx")
    assert xs(picture.markup, "x1")[0] < one < two
    assert "limit" not in picture.markup
    assert picture.rows[0] == ("one", "0.50", "–", "–")


def test_figures_that_are_all_zero_are_no_error_and_names_are_escaped():
    picture = dots("Gap", "<i>", [Dot("a<b that is far too long for its room", 0.0)])
    assert "&lt;i&gt;" in picture.markup
    assert "a<b" not in picture.markup
    assert "a&lt;b that is far too…" in picture.markup


def test_a_label_of_wide_letters_is_cut_to_the_same_room():
    picture = dots("Gap", "said", [Dot("减去线上运行的召回源列表", 0.0)])
    assert ">减去线上运行的召回…</text>" in picture.markup
