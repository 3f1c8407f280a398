"""Sentences of the database are told in Chinese by their templates; other texts stand."""

import re
from string import Formatter

import pytest

import fusion.models  # noqa: F401 it registers the sources
from dashboards.diagnosis import sentences as diagnosis
from dashboards.language.catalogue import translations
from dashboards.language.stored import CAUSE, cause_name, retold
from flows.steps.retrain import sentences as retrain
from flows.steps.show.user_lists import FROM_ATTRIBUTES
from fusion.lists.cold_users.map_reasons import OF_NUMBER, OF_VALUE
from fusion.models.base.registry import registered
from fusion.ranking.features.registry import FEATURES
from fusion.ranking.features.side_columns import PRIOR
from fusion.watching.causes import CAUSES

ENGLISH = re.compile(r"(?<![`\w])(the|of|is|are|was|and|it|to|in|has|have)(?![`\w])", re.IGNORECASE)
"""Words by which a sentence that stayed English is known; commands and settings hold none."""
VALUES = {"columns": ", most of all price", "rules": ", most of all pins", "ahead": "AHEAD"}
ALARM = "{says} (day from 2026-03-01): events of a user 3.2, usually 1 to 2. {do}"


class Planted(dict):
    """Values for every place of a template, each another."""

    def __missing__(self, name: str):
        return VALUES.get(name, f"<{name.upper()}>")


class WithoutForms(Formatter):
    """Fill templates with texts, where their forms ask for numbers."""

    def format_field(self, value, form):
        return str(value)


def fill(template: str) -> str:
    return WithoutForms().vformat(template, (), Planted())


def held(text: str) -> set[str]:
    return set(re.findall(r"<\w+>|price|pins|AHEAD", text))


@pytest.mark.parametrize(
    "template",
    [*retrain.SENTENCES.values(), *diagnosis.SENTENCES.values()],
    ids=lambda one: one[:30],
)
def test_decisions_and_causes_of_a_run(template):
    written = fill(template)
    told = retold(written, "zh")
    assert ENGLISH.findall(re.sub(r"`[^`]*`|\[\[?[\w ]*\]\]?", "", told)) == []
    assert held(told) == held(written)


@pytest.mark.parametrize("cause", CAUSES.values(), ids=lambda one: one.code)
def test_alarms_of_a_watch(cause):
    says = fill(cause.says)
    written = ALARM.format(says=f"{says[0].upper()}{says[1:]}", do=fill(cause.do))
    told = retold(written, "zh")
    assert ENGLISH.findall(re.sub(r"`[^`]*`", "", told)) == []
    assert held(told) == held(written)
    assert "人均事件数 3.2，通常为 1 至 2" in told


def test_reasons_of_lists():
    texts = [cls.reason_text for cls in registered().values()]
    texts += [one.reason_text for one in FEATURES]
    texts += [PRIOR.format(prior="parents")]
    texts += [OF_VALUE.format(column="job", value="baker"), OF_NUMBER.format(column="age")]
    texts += [FROM_ATTRIBUTES.format(columns="job, age")]
    ours = {one for one in texts if one and not one.startswith("test")}
    assert [one for one in sorted(ours) if ENGLISH.search(retold(one, "zh"))] == []


def test_several_sentences_in_a_row():
    written = f"{diagnosis.SENTENCES['nothing_moved']} Somebody's own words."
    assert retold(written, "zh") == "没有超出随机波动的变化。 Somebody's own words."


@pytest.mark.parametrize(
    "text", ["", "Nobody wrote this.", "{x} %(y)s <b>", "a (b from c): d. e", "x" * 5000, "3 days"]
)
def test_other_texts_stand_as_they_are(text):
    assert retold(text, "zh") == text


def test_english_stays_english():
    written = diagnosis.SENTENCES["nothing_moved"]
    assert retold(written, "en") == written


def test_every_cause_has_a_name_and_no_name_is_of_another():
    assert set(translations("zh", CAUSE)) == set(CAUSES)
    assert cause_name("stale", "zh") == "数据停更（stale）"
    assert [cause_name("stale", "en"), cause_name("lists.churn", "zh")] == ["stale", "lists.churn"]
