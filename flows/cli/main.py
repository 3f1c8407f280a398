"""`fusion`: the command line, with every failure ended as a sentence and an exit code."""

import os
import signal
import sys

from flows.import_guard import refuse_foreign
from flows.streams import open_closed_streams, secure_output

# Before any import that looks at a stream, or leaves a file open.
open_closed_streams()
# Before the first import of ours below: that import would end in a traceback.
refuse_foreign()

from importlib.metadata import version as version_of
from typing import Annotated, Literal

import typer
from typer.exceptions import TyperException

from flows.cli import (  # noqa: F401  importing them adds their verbs
    lists,
    removal,
    runs,
    setup,
    slots,
    training,
    watching,
)
from flows.cli.app import app
from flows.cli.asking import verb  # noqa: F401  likewise
from flows.cli.console import ASKED, emit, fail, out, start_logging
from flows.cli.look_back import verbs  # noqa: F401  likewise
from flows.cli.options.language import SPOKEN, choose_language
from flows.failures import LISTENERS
from flows.malloc import give_back
from flows.visible_text import visible
from fusion.errors import ConfigError, TookTooLong, cut_words
from fusion.masking import mask_secrets

INTERRUPTED = 130
"""The code that Typer gives for Ctrl+C, which it does not raise."""


LogFormat = Annotated[
    Literal["text", "json"] | None,
    typer.Option("--log-format", help="of stderr; default: as the configuration says"),
]


def _say_version(asked: bool) -> None:
    """Say the version and end, where somebody asked."""
    if asked:
        out.print(f"fusion {version_of('fusion-recommender')}", markup=False)
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option(
        "--version", callback=_say_version, is_eager=True, help="say which version this is"
    ),
]


Language = Annotated[
    Literal["en", "zh"] | None,
    typer.Option("--lang", help="of results; default: that of LC_ALL, LC_MESSAGES or LANG"),
]


@app.callback()
def options(log_format: LogFormat = None, lang: Language = None, version: Version = False) -> None:
    """Apply the options that stand before a verb.

    Args:
        log_format: of stderr; None for what the configuration says.
        lang: of results; None for what the locale says.
        version: say the version of fusion and end.
    """
    ASKED.set(log_format or "")
    SPOKEN.set(choose_language(lang, os.environ))
    if log_format:
        start_logging(log_format)


def main() -> None:
    """Run the command line and leave with the documented exit code."""
    secure_output()
    give_back()
    start_logging()
    # A process manager asks by SIGTERM what a person asks by Ctrl+C, and a terminal that is closed
    # by SIGHUP, unless `nohup` says otherwise: to end in order.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, signal.default_int_handler)
    as_json = "--json" in sys.argv

    def say(failure: BaseException) -> None:
        fail(failure, as_json)
        sys.stdout.flush()

    LISTENERS.append(say)
    try:
        code = app(standalone_mode=False, prog_name="fusion")
        if code == INTERRUPTED:
            fail(KeyboardInterrupt(), as_json)
    except TyperException as misused:
        misused.message = visible(cut_words(mask_secrets(misused.message)))
        misused.show()  # type: ignore[attr-defined]
        code = ConfigError.exit_code
        if as_json:
            emit({"error": misused.format_message(), "exit_code": code})
    # The edge of the program: whatever happens ends as a sentence and a code.
    except (Exception, KeyboardInterrupt) as failure:
        code = fail(failure, as_json)
        if isinstance(failure, TookTooLong):
            # A thread that hangs would keep the process from ending.
            sys.stdout.flush()
            os._exit(code)
    sys.exit(code if isinstance(code, int) else 0)
