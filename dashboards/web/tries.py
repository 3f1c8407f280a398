"""A limit on wrong tries: whoever guesses waits."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable

MOST = 10
"""Wrong tries of an address in `SECONDS`."""
SECONDS = 300
ADDRESSES = 10_000
"""Addresses that are remembered; of more the oldest are let go."""


class Tries:
    """Wrong tries of each address."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin without any.

        Args:
            clock: seconds since some moment.
        """
        self.clock = clock
        self.wrong: OrderedDict[str, deque[float]] = OrderedDict()

    def may(self, address: str) -> bool:
        """Return whether an address may try once more.

        Args:
            address: of the client.
        """
        times = self.wrong.get(address, deque())
        while times and times[0] <= self.clock() - SECONDS:
            times.popleft()
        return len(times) < MOST

    def failed(self, address: str) -> None:
        """Note a wrong try.

        Args:
            address: of the client.
        """
        self.wrong.setdefault(address, deque(maxlen=MOST)).append(self.clock())
        self.wrong.move_to_end(address)
        while len(self.wrong) > ADDRESSES:
            self.wrong.popitem(last=False)
