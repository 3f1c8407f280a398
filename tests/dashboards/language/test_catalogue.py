"""Every message has its translation, with the same places for values, and no other stands there."""

import re
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.pofile import read_po

import dashboards
from dashboards.language.catalogue import CATALOGUES, DEFAULT, LANGUAGES, catalogue, translations
from dashboards.language.stored import PART, SENTENCE
from tests.dashboards.language.messages import messages

PLACE = re.compile(r"%\(\w+\)s")
BROKEN = re.compile(r'"\s*f?"')
"""Where a text of the code goes on in the next line."""
OTHERS = sorted(set(LANGUAGES) - {DEFAULT})
SHORT = 18
ROOT = Path(dashboards.__file__).parents[1]


@pytest.mark.parametrize("language", OTHERS)
def test_no_message_lacks_its_translation(language):
    known = catalogue(language).messages
    assert [f"{place}: {said}" for place, said in messages() if said not in known] == []


@pytest.mark.parametrize("language", OTHERS)
def test_no_translation_is_of_a_message_that_nobody_says(language):
    assert sorted(set(catalogue(language).messages) - {said for _, said in messages()}) == []


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_the_values_of_its_message(language):
    for message, said in catalogue(language).messages.items():
        assert sorted(PLACE.findall(said)) == sorted(PLACE.findall(message)), message


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("context", [SENTENCE, PART])
def test_a_stored_sentence_keeps_its_values(language, context):
    for message, said in translations(language, context).items():
        assert places(said) == places(message), message


@pytest.mark.parametrize("language", OTHERS)
def test_no_stored_sentence_is_one_that_nobody_writes(language):
    """The longest text between two values stands in the code, its begin or its end."""
    files = [
        one
        for room in ("fusion", "flows", "storage", "dashboards")
        for one in (ROOT / room).rglob("*.py")
    ]
    code = "".join(BROKEN.sub("", one.read_text(encoding="utf-8")) for one in files).lower()
    for message in [*translations(language, SENTENCE), *translations(language, PART)]:
        fixed = [text for text, *_ in Formatter().parse(message.lower())]
        longest = max(fixed, key=len)
        # Code writes some templates in small pieces.
        if len(longest) > SHORT:
            assert longest[:SHORT] in code or longest[-SHORT:] in code, message


@pytest.mark.parametrize("language", OTHERS)
def test_a_file_has_each_message_once(language):
    file = CATALOGUES / f"{language}.po"
    with file.open("rb") as content:
        read = [one for one in read_po(content, locale=language, abort_invalid=True) if one.id]
    assert len(read) == len(re.findall(r'^msgid "(?!")', file.read_text("utf-8"), re.MULTILINE))


def places(template: str) -> set[str]:
    return {name for _, name, *_ in Formatter().parse(template) if name}
