"""The language of the terminal: as asked for, else as the locale says, else English."""

from collections.abc import Mapping
from contextvars import ContextVar

from dashboards.language.catalogue import DEFAULT, LANGUAGES, catalogue
from dashboards.language.stored import cause_name, retold
from fusion.core.extras import is_installed, require_extras

SPOKEN: ContextVar[str] = ContextVar("SPOKEN", default=DEFAULT)
"""The language that the screens of this process speak, a key of `LANGUAGES`; `--json` has none."""
VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
"""Variables that name a locale; the first that is set counts, as POSIX has it."""
EXTRA = "dashboards"
"""The extra that brings what reads catalogues."""


def choose_language(asked: str | None, environment: Mapping[str, str]) -> str:
    """Return the language of the terminal.

    Args:
        asked: by `--lang`; None where nobody asked.
        environment: of the process.

    Returns:
        A key of `LANGUAGES`; English where the locale speaks none of them, or where the catalogues
        cannot be read here.

    Raises:
        ConfigError: what reads catalogues is not installed, and a language was asked for.
    """
    if asked is not None:
        if asked != DEFAULT:
            require_extras(f"`fusion --lang {asked}`", EXTRA)
        return asked
    locale = next((environment[name] for name in VARIABLES if environment.get(name)), "")
    language = locale.replace("-", "_").partition("_")[0].partition(".")[0].lower()
    is_readable = language in LANGUAGES and (language == DEFAULT or is_installed(EXTRA))
    return language if is_readable else DEFAULT


def say(message: str, **values: object) -> str:
    """Return a message in the language of the terminal.

    Args:
        message: in English, a literal, with `%(name)s` where a value comes.
        values: by name; without any, the message is taken as it stands.
    """
    said = catalogue(SPOKEN.get()).gettext(message)
    return said % values if values else said


def told(sentence: str) -> str:
    """Return a sentence of ours, stored or made elsewhere, in the language of the terminal.

    Args:
        sentence: in English; words of a person stay as they are.
    """
    return retold(sentence, SPOKEN.get())


def cause(code: str) -> str:
    """Return what a cause of an alert is called, with its code.

    Args:
        code: as alerts have it.
    """
    return cause_name(code, SPOKEN.get())
