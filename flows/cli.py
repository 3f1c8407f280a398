"""`fusion`: the command line, with every failure ended as a sentence and an exit code."""

import sys

from flows.foreign import refuse_foreign

refuse_foreign()

from typer.exceptions import TyperException

from flows import do_verbs, keep_verbs, look_verbs, slot_verbs  # noqa: F401  importing them adds their verbs
from flows.app import app
from flows.console import emit, fail, start_logging
from flows.memory import give_back
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
    except (Exception, KeyboardInterrupt) as failure:  # the edge: whatever happens ends as a sentence and a code
        code = fail(failure, "--json" in sys.argv)
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
