"""`fusion`: the command line, with every failure ended as a sentence and an exit code."""

import sys

from flows.import_guard import refuse_foreign

refuse_foreign()

from typer.exceptions import TyperException

from flows.cli import (  # noqa: F401  importing them adds their verbs
    keeping,
    lists,
    runs,
    services,
    slots,
    starting,
    training,
)
from flows.cli.app import app
from flows.cli.console import emit, fail, start_logging
from flows.malloc import give_back
from fusion.errors import ConfigError

INTERRUPTED = 130
"""What Typer makes of Ctrl+C, which it keeps to itself."""


def main() -> None:
    """Run the command line and leave with the documented exit code."""
    give_back()
    start_logging()
    try:
        code = app(standalone_mode=False)
        if code == INTERRUPTED:
            fail(KeyboardInterrupt(), "--json" in sys.argv)
    except TyperException as misused:
        misused.show()  # type: ignore[attr-defined]
        code = ConfigError.exit_code
        if "--json" in sys.argv:
            emit({"error": misused.format_message(), "exit_code": code})
    except (
        Exception,
        KeyboardInterrupt,
    ) as failure:  # the edge: whatever happens ends as a sentence and a code
        code = fail(failure, "--json" in sys.argv)
    sys.exit(code if isinstance(code, int) else 0)
