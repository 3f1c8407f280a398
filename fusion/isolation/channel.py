"""Messages between two processes: JSON objects, a line each, and nothing else."""

import json
import os
from typing import Any

MAX_BYTES = 16 * 2**20
"""A message at most: arrays and tables go by files, of which messages name the paths."""
CHUNK_BYTES = 2**16

Message = dict[str, Any]


class Channel:
    """One end of a pair of pipes, one for each direction."""

    def __init__(self, incoming: int, outgoing: int) -> None:
        """Take over an end.

        Args:
            incoming: file descriptor to read, closed by `close`.
            outgoing: file descriptor to write, likewise.
        """
        self._incoming = incoming
        self._outgoing = outgoing
        self._received = b""

    def fileno(self) -> int:
        """Return the file descriptor by which to wait for messages."""
        return self._incoming

    def send(self, message: Message) -> None:
        """Send a message.

        Args:
            message: of plain values.

        Raises:
            TypeError: a value has no form in JSON.
            ValueError: it is longer than `MAX_BYTES`, or refers to itself.
            OSError: the other end is closed.
        """
        line = json.dumps(message).encode() + b"\n"
        if len(line) > MAX_BYTES:
            raise ValueError(
                f"a message of {len(line):,} bytes, of which {MAX_BYTES:,} are allowed"
            )
        while line:
            line = line[os.write(self._outgoing, line) :]

    def receive(self) -> list[Message] | None:
        """Wait until something arrives.

        Returns:
            The messages that are complete by now, none perhaps; None once the other end is closed.

        Raises:
            ValueError: what arrived is no message.
        """
        chunk = os.read(self._incoming, CHUNK_BYTES)
        if not chunk:
            return None
        *lines, self._received = (self._received + chunk).split(b"\n")
        if len(self._received) > MAX_BYTES:
            raise ValueError(f"more than {MAX_BYTES:,} bytes without an end of line")
        messages = [json.loads(line) for line in lines]
        if not all(isinstance(message, dict) for message in messages):
            raise ValueError("JSON that is no object")
        return messages

    def close(self) -> None:
        """Close the end."""
        os.close(self._incoming)
        os.close(self._outgoing)
