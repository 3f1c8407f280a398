"""Messages in a person's language, by the English message that stands in the code."""

from collections.abc import Callable
from functools import cache
from gettext import NullTranslations
from pathlib import Path

CATALOGUES = Path(__file__).parent / "catalogues"
"""A file NAME.po for each language beside English."""
LANGUAGES = {"en": "English", "zh": "中文"}
"""Languages that there are, by their code, each called as its speakers call it."""
DEFAULT = "en"
Say = Callable[[str], str]
"""Gives a message in the language of a page."""


def marked(message: str) -> str:
    """Mark a message that is said in another place, so that catalogues must have it.

    Args:
        message: in English, a literal.

    Returns:
        The same: it is also how a message is said in English.
    """
    return message


class Catalogue(NullTranslations):
    """Messages of one language; what it lacks stays English."""

    def __init__(self, messages: dict[str, str]) -> None:
        """Keep the messages.

        Args:
            messages: translations by English message.
        """
        super().__init__()
        self.messages = messages

    def gettext(self, message: str) -> str:
        """Return a message in this language.

        Args:
            message: in English, with `%(name)s` where a value comes.
        """
        return self.messages.get(message) or message


@cache
def catalogue(language: str) -> Catalogue:
    """Return the messages of a language.

    Args:
        language: a key of `LANGUAGES`.

    Returns:
        The catalogue; an empty one for English.
    """
    return Catalogue(translations(language))


@cache
def translations(language: str, context: str | None = None) -> dict[str, str]:
    """Return what a language has of one context.

    Args:
        language: a key of `LANGUAGES`.
        context: of the file, `msgctxt`; None for the messages of pages, which have none.

    Returns:
        Translations by English message, in the order of the file; none for English.
    """
    file = CATALOGUES / f"{language}.po"
    if not file.exists():
        return {}
    from babel.messages.pofile import read_po  # noqa: PLC0415 - not needed for English

    with file.open("rb") as content:
        messages = read_po(content, locale=language)
    return {
        str(one.id): str(one.string)
        for one in messages
        if one.id and one.string and one.context == context
    }


def preferred_language(accepted: str) -> str:
    """Return the first language of a header Accept-Language that there is.

    Args:
        accepted: the header, `zh-CN,zh;q=0.9,en;q=0.8`.

    Returns:
        A key of `LANGUAGES`; English where none fits.
    """
    weighted = []
    for position, part in enumerate(accepted.split(",")):
        name, _, weight = part.strip().partition(";q=")
        language = name.split("-")[0].lower()
        if language in LANGUAGES:
            weighted.append((-_weight(weight), position, language))
    return min(weighted)[2] if weighted else DEFAULT


def _weight(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0
