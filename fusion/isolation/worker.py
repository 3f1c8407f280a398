"""The process that does the work: call what is asked for, answer with its value or its failure.

It imports next to nothing by itself; what it is asked to call imports the rest.
"""

import faulthandler
import importlib
import os
import sys
import traceback
from contextlib import suppress
from typing import Any

from fusion.isolation.channel import Channel, Message

MAX_TEXT = 2_000
"""Characters of a failure's message that are kept."""
FORKED = 70
"""Exit code of a child that work left behind in the middle of a call."""


def main() -> None:
    """Serve the channel that the first two arguments number, until its other end is closed."""
    # A crash of the interpreter leaves its stack where the caller finds it.
    faulthandler.enable()
    incoming, outgoing = int(sys.argv[1]), int(sys.argv[2])
    # What work starts has no part in the conversation.
    os.set_inheritable(incoming, False)
    os.set_inheritable(outgoing, False)
    channel = Channel(incoming, outgoing)
    while (requests := channel.receive()) is not None:
        for request in requests:
            _answer(channel, request)
    # Not by way of threads and handlers that work may have left.
    os._exit(0)


def _answer(channel: Channel, request: Message) -> None:
    """Do one piece of work and send its value or failure."""
    process = os.getpid()
    try:
        answer = {"value": _work(channel, request)}
    except BaseException as failure:
        _print_traceback()
        answer = {"failure": _describe(failure)}
    if os.getpid() != process:
        # A child of a fork that came back from the call: only one of the two may answer.
        os._exit(FORKED)
    _flush()
    try:
        channel.send(answer)
    except (TypeError, ValueError, RecursionError) as unfit:
        channel.send({"failure": f"it returned what is no plain value: {_describe(unfit)}"})


def _work(channel: Channel, request: Message) -> Any:
    """Call the function that a request names."""
    module, _, name = request["target"].partition(":")
    function = getattr(importlib.import_module(module), name)

    def progress(done: int, total: int) -> None:
        channel.send({"progress": [int(done), int(total)]})

    return function(progress, **request["arguments"])


def _describe(failure: BaseException) -> str:
    """Return the type and message of whatever was raised."""
    try:
        message = str(failure)
    except BaseException:
        # Its own code makes the message, and may do anything as well.
        message = "(its message cannot be written)"
    if isinstance(failure, SystemExit):
        return f"it called sys.exit({message[:MAX_TEXT]})"
    return f"{type(failure).__name__}: {message[:MAX_TEXT]}"


def _print_traceback() -> None:
    """Write how the failure came about to where the caller keeps what was printed."""
    with suppress(BaseException):
        traceback.print_exc()


def _flush() -> None:
    """Let the caller see what was printed before it sees the answer."""
    with suppress(BaseException):
        sys.stdout.flush()
        sys.stderr.flush()


if __name__ == "__main__":
    main()
