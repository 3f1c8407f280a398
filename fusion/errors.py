"""Every error of the product: one tree, which says who can mend it and how the process ends.

FusionError                 exit 3   a bug: ours to mend
├── ConfigError             exit 2   the configuration's author
│   ├── UnknownName                  a name that is not known, with the nearest one that is
│   ├── MissingExtra                 a package that an extra of the installation brings
│   ├── WorkerRefused                a worker whose results would differ, or who cannot work here
│   ├── StoreRefused                 a store of stages that is not there, or that we may not use
│   └── UnusableSource               a package's source that cannot even be asked; a run goes on
├── DataError               exit 2   the data's owner
├── Refused                 exit 1   nobody: a gate held, what is live stays live
├── Temporary               exit 75  time: the same command may succeed later
│   ├── Overtaken                    another command was faster
│   ├── Unavailable                  the database is away or busy: the same step, in a moment
│   ├── ExecutorLost                 whoever was to do the work of a run has gone
│   ├── StoreLost                    the store of stages that machines share does not answer
│   └── TookTooLong                  a stage or a run took longer than it may
└── SourceFailed            exit 3   a source's author; a run leaves the source out and goes on
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from fusion.masking import mask_all, mask_secrets

LONGEST_WORD = 500
"""Characters of a word of a sentence; few paths are as long."""
SHOWN = 100
"""Characters that stay at each end of a longer one."""
_TOO_LONG = re.compile(rf"\S{{{LONGEST_WORD + 1},}}")


class FusionError(Exception):
    """Root of the tree.

    Texts are masked as they come in: whoever shows, logs or stores the error shows no secret. Words
    that nobody reads to their end are cut.

    Attributes:
        exit_code: status with which the command line ends.
    """

    exit_code = 3

    def __init__(self, *words: object) -> None:
        super().__init__(*map(_readable, words))


class ConfigError(FusionError):
    """The configuration asks for something that does not exist or cannot be."""

    exit_code = 2


MOST_NAMED = 30
"""Known names that a sentence lists: all columns and settings, but not the ids of a shop."""


class UnknownName(ConfigError):
    """A name in the configuration is not one of those known."""

    def __init__(self, what: str, name: str, known: Iterable[str]) -> None:
        """Write the message, with the nearest known name.

        Args:
            what: kind of name, such as "recommender".
            name: that was asked for.
            known: names that there are.
        """
        names = sorted(known)
        close = get_close_matches(name, names, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        more = len(names) - MOST_NAMED
        listed = ", ".join(names[:MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")
        super().__init__(f"unknown {what} {name!r}.{hint} Known: {listed}.")


class MissingExtra(ConfigError):
    """Something needs a package that an extra of the installation brings, and that is not there."""

    def __init__(self, user: str, extras: Sequence[str]) -> None:
        """Write the message, with the command that installs the extras.

        Args:
            user: what needs them, as the subject of a sentence.
            extras: names of extras of `fusion-recommender`.
        """
        super().__init__(f"{user} needs {install_hint(extras)}")


class WorkerRefused(ConfigError):
    """A worker's results might differ from the coordinator's, or it cannot work for it."""


class StoreRefused(ConfigError):
    """The store of stages that machines share is not there, or we may not use it."""


def install_hint(extras: Sequence[str]) -> str:
    """Name extras, and the command that installs them.

    Args:
        extras: names of extras of `fusion-recommender`.

    Returns:
        What follows "needs".
    """
    word = "extras" if len(extras) > 1 else "extra"
    names = " and ".join(extras)
    return f"the {word} {names}: pip install 'fusion-recommender[{','.join(extras)}]'"


class UnusableSource(ConfigError):
    """A source that an installed package offers cannot be imported, or cannot say what it is.

    A run leaves it out and goes on; the configuration's author may uninstall the package.
    """

    CURE = "Mend the package, or uninstall it."

    def __init__(self, why: str) -> None:
        """Keep what is wrong.

        Args:
            why: a sentence without its full stop, with the source as its subject.
        """
        super().__init__(why)
        self.why = mask_secrets(why)

    def __str__(self) -> str:
        return f"{self.why}. {self.CURE}"


class DataError(FusionError):
    """The data cannot be used as it is.

    Args:
        message: a sentence; where `examples` are given, one without outside ids.
        examples: a few rows that show it. People see them; they are never stored, since a person
            must stay removable.
    """

    exit_code = 2

    def __init__(self, message: str = "", examples: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__(message)
        self.message = cut_words(mask_secrets(message))
        self.examples = tuple(examples)

    def __str__(self) -> str:
        rows = [tuple(row.values()) for row in self.examples]
        return f"{self.message}, e.g. {rows}" if rows else self.message


class Refused(FusionError):
    """A gate refused to publish; what is live is untouched.

    Args:
        message: a sentence for a person.
        reasons: a sentence for each check that did not hold; without any, the message is the only
            reason.
    """

    exit_code = 1

    def __init__(self, message: str = "", reasons: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.reasons = tuple(map(mask_secrets, reasons)) or (mask_secrets(message),)


class Temporary(FusionError):
    """Something outside is busy or away; trying again later may succeed."""

    exit_code = 75


class Overtaken(Temporary):
    """Another process changed meanwhile what a decision was made on."""


class Unavailable(Temporary):
    """The database is away, busy or starting: the same step may succeed in a moment."""


class ExecutorLost(Temporary):
    """Whoever was to do the work of a run has gone; what is made already is kept."""


class StoreLost(Temporary):
    """The store of stages that machines share does not answer; what is made already is kept."""


class TookTooLong(Temporary):
    """A stage or a run took longer than it may."""


class SourceFailed(FusionError):
    """A fitted source failed while it was loaded or scored."""

    def __init__(self, source: str, why: str) -> None:
        """Keep who failed and why, for the source's row in the manifest.

        Args:
            source: its configured name.
            why: the type and message of the failure.
        """
        super().__init__(source, why)  # both, so that it can be pickled
        self.source = source
        self.why = mask_secrets(why)

    def __str__(self) -> str:
        return f"source {self.source!r} failed while scoring: {self.why}"


def cut_words(text: str) -> str:
    """Cut the middle out of words that are too long to be read, such as a file's content.

    Args:
        text: a sentence; its secrets are masked already, since half a URL is known by nobody.
    """
    return _TOO_LONG.sub(lambda word: f"{word[0][:SHOWN]}...{word[0][-SHOWN:]}", text)


def _readable(word: Any) -> Any:
    masked = mask_all(word)
    return cut_words(masked) if isinstance(masked, str) else masked


def stored_text(failure: BaseException) -> str:
    """Describe a failure for a database: the type and message, without examples.

    Args:
        failure: any exception.

    Returns:
        One sentence.
    """
    message = failure.message if isinstance(failure, DataError) else failure
    return mask_secrets(f"{type(failure).__name__}: {message}")
