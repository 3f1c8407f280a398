"""Commands in what a verb says: they name the configuration that the verb was called with."""

import re
import shlex
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from rich.markup import escape

from flows.cli.terminal_text import SafeConsole

CALLED_WITH: ContextVar[Path | None] = ContextVar("CALLED_WITH", default=None)
"""The configuration that the verb of this process was given; None for the default one."""
COMMAND = re.compile(r"`(fusion (?!demo)[a-z]+[^`]*)`")
"""A command in a sentence, all of them but `fusion demo`, which reads no configuration."""


def with_config(sentence: str) -> str:
    """Add `--config` to the commands of a sentence, so that they can be typed as they stand.

    Args:
        sentence: holds commands in backticks.

    Returns:
        The sentence; unchanged where the verb was called with the default configuration.
    """
    config = CALLED_WITH.get()
    return sentence if config is None else _with_option(sentence, shlex.quote(str(config)))


def as_typed(command: str) -> str:
    """Complete one command, so that it can be typed as it stands.

    Args:
        command: `fusion` and what follows, without backticks.

    Returns:
        The command with `--config`, where this verb was called with one.
    """
    return with_config(f"`{command}`").strip("`")


def _with_option(sentence: str, config: str) -> str:
    def _complete(match: re.Match[str]) -> str:
        command = match[1]
        # Some advice names a file of its own.
        return f"`{command}`" if "--config" in command else f"`{command} --config {config}`"

    return COMMAND.sub(_complete, sentence)


class Screen(SafeConsole):
    """A console whose sentences name commands as `with_config` does."""

    def print(self, *objects: Any, **options: Any) -> None:
        """Show text, tables and whatever else Rich shows.

        Args:
            objects: of which texts are changed.
            options: of Rich.
        """
        config = CALLED_WITH.get()
        if config is not None:
            name = shlex.quote(str(config))
            # Brackets in the name of a folder are no markup.
            name = name if options.get("markup") is False else escape(name)
            objects = tuple(
                _with_option(shown, name) if isinstance(shown, str) else shown for shown in objects
            )
        super().print(*objects, **options)
