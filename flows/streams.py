"""Standard streams that cannot end a verb: UTF-8, and what nobody can take any more is dropped.

A run that is published must end with its own exit code, also where its reader has gone (`| head`),
the disk of its log is full, or a locale knows no such letter.
"""

import io
import os
import select
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

STDIN, STDOUT, STDERR = 0, 1, 2


class OutputFile(io.FileIO):
    """A standard stream's file, whose failures to write are nobody's failures."""

    def __init__(self, descriptor: int) -> None:
        """Open it; the descriptor outlives it.

        Args:
            descriptor: of stdout or stderr.
        """
        super().__init__(descriptor, "w", closefd=False)

    def write(self, data: "Buffer", /) -> int:
        """Write bytes, or drop them where they cannot be written.

        Args:
            data: the bytes.

        Returns:
            How many of them are done with.
        """
        try:
            count: int | None = super().write(data)
            while count is None:
                # The pipe is full, and whoever opened it asked not to be made to wait.
                select.select([], [self], [])
                count = super().write(data)
        except OSError:
            return memoryview(data).nbytes
        return count


def open_closed_streams() -> None:
    """Open streams that were closed as the process began, on the null device.

    Their numbers would otherwise go to the next files that are opened, such as the database, and
    whatever prints would write into those.
    """
    for descriptor in (STDIN, STDOUT, STDERR):
        _fill(descriptor)
    # Python has no object for a stream that it saw closed.
    sys.stdin = sys.stdin or io.TextIOWrapper(io.BufferedReader(io.FileIO(STDIN, closefd=False)))
    sys.stdout = sys.stdout or _text_stream(STDOUT)
    sys.stderr = sys.stderr or _text_stream(STDERR)


def secure_output() -> None:
    """Replace stdout and stderr by streams that no text and no reader can make fail."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    sys.stdout = _text_stream(STDOUT)
    sys.stderr = _text_stream(STDERR)


def _fill(descriptor: int) -> None:
    try:
        os.fstat(descriptor)
    except OSError:
        # A new file takes the lowest number that is free, which is this one.
        os.open(os.devnull, os.O_RDWR)


def _text_stream(descriptor: int) -> io.TextIOWrapper:
    file = OutputFile(descriptor)
    by_line = descriptor == STDERR or file.isatty()
    # What UTF-8 does not know, halves of surrogate pairs, is shown as JSON would write it.
    return io.TextIOWrapper(
        io.BufferedWriter(file),
        encoding="utf-8",
        errors="backslashreplace",
        line_buffering=by_line,
    )
