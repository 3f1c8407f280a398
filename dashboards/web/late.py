"""An ASGI application that is made when somebody first asks for it."""

import asyncio
from collections.abc import Callable

from dashboards.web.messages import Application


class LateApplication:
    """An application whose making takes seconds, which the others on the port need not wait for."""

    def __init__(self, make: Callable[[], Application]) -> None:
        """Keep how it is made.

        Args:
            make: makes it; called once, on a thread. A failure is raised to whoever asked, and the
                next request tries again.
        """
        self.make = make
        self.app: Application | None = None
        self.lock = asyncio.Lock()

    async def made(self) -> Application:
        """Return the application, made now where nobody asked before.

        Raises:
            FusionError: it cannot be made yet.
        """
        async with self.lock:
            if self.app is None:
                self.app = await asyncio.to_thread(self.make)
            return self.app
