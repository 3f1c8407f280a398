"""Sentences of the database in another language, told by the templates that they were made of."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from string import Formatter

from dashboards.language.catalogue import translations

SENTENCE, PART = "sentence", "part"
"""Contexts of messages that stand in the database: whole sentences, and what they are made of."""
CAUSE = "cause"
"""Context of the codes of causes, which are words in English, and have names in other languages."""
LONGEST = 2000
"""Letters of a text that is looked at: no sentence of ours is longer."""
MOST = 6
"""Sentences in a row that one template makes at most."""
NUMBER = "n"
"""A place where a number alone comes."""
CLAUSE = 16
"""Letters at least of a clause that stands as a sentence by itself, such as a question of advice:
shorter ones would be found in the words of people."""
BETWEEN = re.compile(r"(?<=[.?!]) (?=\S)")


@dataclass(frozen=True)
class Template:
    """A sentence with places for values.

    Attributes:
        pattern: matches the English one whole, with a group for each value.
        said: the sentence in the other language, for `str.format`.
        letters: how many are no values: templates that say more are tried first.
    """

    pattern: re.Pattern[str]
    said: str
    letters: int


def cause_name(code: str, language: str) -> str:
    """Return what a cause is called.

    Args:
        code: as alerts have it.
        language: a key of `LANGUAGES`.

    Returns:
        Its name with the code, which commands and SQL go by; the code where it has no name.
    """
    name = translations(language, CAUSE).get(code)
    return f"{name}（{code}）" if name else code


@lru_cache(maxsize=4096)
def retold(text: str, language: str) -> str:
    """Tell a stored text in another language.

    A text may be several sentences in a row, of which each is told by itself.

    Args:
        text: in English, as the database has it, or by a person.
        language: a key of `LANGUAGES`.

    Returns:
        The text; as it stands where no template of the catalogue made it.
    """
    if len(text) > LONGEST or not translations(language, SENTENCE):
        return text
    pieces, told, start = BETWEEN.split(text), "", 0
    while start < len(pieces):
        said, end = _longest(pieces, start, language)
        told += said if not told or not said.isascii() else f" {said}"
        start = end
    return told


def _longest(pieces: list[str], start: int, language: str) -> tuple[str, int]:
    """Tell as many sentences from one on as a template knows; the first as it stands, else."""
    for end in range(min(len(pieces), start + MOST), start, -1):
        text = " ".join(pieces[start:end])
        said = _told(text, language, SENTENCE)
        if said is None and text.endswith("."):
            clause = _told(text[:-1], language, SENTENCE)
            said = clause and f"{clause}。"
        if said is not None:
            return said, end
    alone = pieces[start]
    said = _told(alone, language, PART, CLAUSE)
    if said is None and alone.endswith("."):
        clause = _told(alone[:-1], language, PART, CLAUSE)
        said = clause and f"{clause}。"
    return alone if said is None else said, start + 1


def _told(text: str, language: str, context: str, letters: int = 0) -> str | None:
    """Return a text by the first template that it fits, of so many letters; None without one."""
    for template in _templates(language, context):
        if template.letters < letters:
            return None
        if match := template.pattern.fullmatch(text):
            values = {name: _part(value, language) for name, value in match.groupdict().items()}
            return template.said.format(**values)
    return None


def _part(value: str, language: str) -> str:
    """Tell a value: a list of figures one by one, a clause or a name by its template."""
    if value.replace(",", "").replace(".", "").isdecimal():
        return value
    if value in translations(language, PART):
        return translations(language, PART)[value]
    if "; " in value:
        return "；".join(_part(one, language) for one in value.split("; "))
    for context in (PART, SENTENCE):
        said = _told(value, language, context)
        if said is not None:
            return said
    return value


@cache
def _templates(language: str, context: str) -> list[Template]:
    made = [_template(one, said) for one, said in translations(language, context).items()]
    return sorted(made, key=lambda one: -one.letters)


def _template(message: str, said: str) -> Template:
    pattern = "".join(_expressions(message))
    fixed = "".join(text for text, *_ in Formatter().parse(message))
    # A clause begins a sentence in one place, and stands inside one in another.
    first = message[0]
    if first.isalpha():
        pattern = f"[{first.lower()}{first.upper()}]{pattern[1:]}"
    return Template(re.compile(pattern), said, len(fixed))


def _expressions(message: str) -> Iterator[str]:
    seen = set()
    for text, name, *_ in Formatter().parse(message):
        yield re.escape(text)
        if name is not None:
            held = "[0-9.,]+" if name == NUMBER else ".*"
            yield f"(?P={name})" if name in seen else f"(?P<{name}>{held})"
            seen.add(name)
