"""The frame of every page: where it is, in which language, and what it never lets through."""

from datetime import datetime

import pytest

from dashboards.pages.frame import page_path
from fusion.errors import DataError
from tests.browser import barriers, served
from tests.dashboards.pages.planted import HOSTILE, ask, guarded, site


def test_it_begins_with_the_configured_placement():
    assert ask("/").headers["location"] == "/at/default/"


def test_it_says_where_it_is_and_up_to_when_data_is_known():
    answer = ask("/at/default/about")
    assert answer.status_code == 200
    assert '<a href="/at/default/about" aria-current="page">About</a>' in answer.text
    # ten in the evening in London is the next morning in Shanghai
    assert "2026-03-02 06:00</time>" in answer.text


def test_it_stands_when_the_database_fails():
    def _fail(placement: str) -> datetime:
        raise DataError("the database is away")

    answer = ask("/at/default/about", site(data_as_of=_fail))
    assert (answer.status_code, "Data up to" in answer.text) == (200, False)


@pytest.mark.parametrize("path", ["/nothing", "/at/nowhere/about", page_path(HOSTILE, HOSTILE)])
def test_what_is_not_there_is_said_and_escaped(path):
    answer = ask(path)
    assert answer.status_code == 404
    assert "Back to Today" in answer.text
    assert "<script" not in answer.text
    assert "62615533" not in answer.text


@pytest.mark.parametrize("path", ["/projects", "/projects/1", "/api/projects"])
def test_evidently_that_cannot_be_shown_yet_is_a_page_that_says_why(path):
    answer = ask(path)
    assert answer.status_code == 500
    assert "This page could not be made" in answer.text
    assert "no dashboards yet" in answer.text


def test_a_placement_is_no_markup():
    answer = ask(page_path(HOSTILE, "about"))
    assert answer.status_code in {200, 404}
    assert "<script" not in answer.text


def test_pages_have_no_script_and_load_nothing_from_elsewhere():
    policy = ask("/at/default/about").headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'")
    assert "unsafe" not in policy
    assert "script" not in policy


@pytest.mark.parametrize(
    ("headers", "query", "language"),
    [
        ({}, "", "en"),
        ({"accept-language": "de,zh-CN;q=0.9,en;q=0.8"}, "", "zh-CN"),
        ({"accept-language": "zh;q=x, en;q=0.1"}, "", "en"),
        ({"accept-language": "zh", "cookie": "language=en"}, "", "en"),
        ({"cookie": "language=zh"}, "?language=en", "en"),
        ({"cookie": "language=evil"}, "?language=<b>", "en"),
    ],
)
def test_it_speaks_the_language_that_was_asked_for(headers, query, language):
    answer = ask(f"/at/default/about{query}", **headers)
    assert f'<html lang="{language}">' in answer.text


@pytest.mark.parametrize(("width", "scheme"), [(1400, "light"), (390, "dark")])
def test_everybody_can_read_it(page, width, scheme):
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    with served(guarded(site())) as address:
        page.goto(f"{address}/at/default/about")
        assert barriers(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
