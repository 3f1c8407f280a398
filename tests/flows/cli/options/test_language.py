"""The terminal speaks the language that is asked for, else that of the locale; JSON has none."""

import re
from io import StringIO

import pytest
from rich.cells import cell_len
from rich.console import Console

from flows.cli.options import language
from flows.cli.options.language import SPOKEN, choose_language, say, told
from flows.cli.screens.tables import plain_table
from fusion.errors import ConfigError
from tests.flows.calling import call_main
from tests.flows.world import fusion

CHINESE = re.compile("[\u4e00-\u9fff]")


@pytest.fixture
def chinese():
    token = SPOKEN.set("zh")
    yield
    SPOKEN.reset(token)


@pytest.mark.parametrize(
    ("environment", "spoken"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh"}, "zh"),
        ({"LANG": "fr_FR.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_TW.UTF-8"}, "zh"),
        ({"LC_ALL": "C", "LC_MESSAGES": "zh_CN.UTF-8"}, "en"),
        ({"LC_ALL": "", "LC_MESSAGES": "", "LANG": "zh_CN.UTF-8"}, "zh"),
    ],
)
def test_the_first_variable_that_is_set_names_the_language(environment, spoken):
    assert choose_language(None, environment) == spoken
    assert choose_language("en", environment) == "en"


def test_without_what_reads_catalogues_a_locale_is_english_and_an_option_says_why(monkeypatch):
    monkeypatch.setattr(language, "is_installed", lambda extra: False)
    assert choose_language(None, {"LANG": "zh_CN.UTF-8"}) == "en"

    def missing(what, *extras):
        raise ConfigError(f"{what} needs {extras}")

    monkeypatch.setattr(language, "require_extras", missing)
    with pytest.raises(ConfigError, match="--lang zh"):
        choose_language("zh", {})


@pytest.mark.parametrize("verb", [("status",), ("runs",), ("show", "u1"), ("ask",), ("alerts",)])
def test_a_screen_is_chinese_and_json_stays_as_it_is(shop, verb):
    screens = [
        call_main(shop, "--lang", "zh", *verb).out,
        fusion(shop, *verb, LC_ALL="zh_CN.UTF-8").out,
    ]
    assert screens[0] == screens[1]
    assert CHINESE.search(screens[0])
    assert not CHINESE.search(call_main(shop, *verb).out)
    machine = call_main(shop, "--lang", "zh", *verb, "--json")
    assert machine.json == call_main(shop, *verb, "--json").json
    assert not CHINESE.search(machine.out)


def test_a_report_is_written_in_the_language_asked_for(shop, tmp_path):
    file = tmp_path / "report.html"
    assert call_main(shop, "--lang", "zh", "report", "--out", str(file)).code == 0
    page = file.read_text(encoding="utf-8")
    assert '<html lang="zh' in page
    assert "评测结论" in page


def test_an_unknown_language_is_refused(shop):
    ended = call_main(shop, "--lang", "xx", "status")
    assert (ended.code, "--lang" in ended.err) == (2, True)


def test_sentences_of_a_verdict_are_told(chinese):
    assert say("Due") == "应当训练"
    assert told("the method ease has no twin") == "方法 ease 没有孪生列表"
    promised = (
        "Promised NDCG@10: first day 0.6548 without an interval (3 users, 9 past windows); "
        "10 days 0.5318 [0.2713, 0.8792]."
    )
    assert told(promised) == (
        "预期 NDCG@10：首日 0.6548，无区间（3 个用户，9 个过去的窗口）；"
        "10 天 0.5318 [0.2713, 0.8792]。"
    )
    advice = (
        "The weights of events are not as usual. "
        "Do users rate or buy differently, or did an event get another weight?"
    )
    assert told(advice).startswith("事件的权重异常。是用户评分")
    assert told("odd lists, said ann. I agree.") == "odd lists, said ann. I agree."


def test_columns_line_up_by_the_cells_that_characters_take(chinese):
    table = plain_table("", "run", "status", "NDCG@10>")
    table.add_row("→", "20260101-000000-abcdef", say("rejected"), "0.1")
    table.add_row("", "20260102-000000-abcdef", say("failed"), "0.25")
    console = Console(file=StringIO(), width=80)
    console.print(table)
    shown = [line for line in console.file.getvalue().splitlines() if line.strip()]
    assert len({cell_len(line.rstrip()) for line in shown[2:]}) == 1
