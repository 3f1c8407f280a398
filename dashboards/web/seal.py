"""Values that come back from a browser as they were given to it: signed, and for a while only."""

import hmac
import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable


class Seal:
    """Signs texts and knows its own signature again; nobody else can make one.

    Its key lives as long as the process: what an earlier one signed is worth nothing.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """Make a new key.

        Args:
            clock: seconds since 1970.
        """
        self.key = secrets.token_bytes(32)
        self.clock = clock

    def sign(self, purpose: str, text: str, seconds: int) -> str:
        """Return a text with its end and its signature, of letters that a cookie may hold.

        Args:
            purpose: for which alone the value is good.
            text: that the value carries; whoever has it can read it.
            seconds: for which it is good.
        """
        until = int(self.clock()) + seconds
        body = f"{urlsafe_b64encode(text.encode()).decode()}.{until}"
        return f"{body}.{self._signature(purpose, body)}"

    def read(self, purpose: str, value: str) -> str | None:
        """Return the text of a value that was signed here for a purpose.

        Args:
            purpose: as it was signed for.
            value: as it came back.

        Returns:
            The text; None where the value is not ours, was changed, or is over.
        """
        body, _, signature = value.rpartition(".")
        expected = self._signature(purpose, body)
        if not hmac.compare_digest(signature.encode(), expected.encode()):
            return None
        text, _, until = body.partition(".")
        if self.clock() >= int(until):
            return None
        return urlsafe_b64decode(text).decode()

    def _signature(self, purpose: str, body: str) -> str:
        return hmac.digest(self.key, f"{purpose}.{body}".encode(), "sha256").hex()
