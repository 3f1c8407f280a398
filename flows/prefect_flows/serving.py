"""Serving of deployments in this process, until a signal ends it and the flow runs under way."""

import asyncio
import signal
from collections.abc import Sequence
from typing import Any

from prefect.deployments.runner import RunnerDeployment
from prefect.runner import Runner

SECONDS_BETWEEN = 0.1
"""To wait before it is looked again whether a runner has started."""


class EndingRunner(Runner):
    """A runner that SIGTERM ends in order: flow runs under way are cancelled, and say so.

    Prefect's own leaves them `Running`: they keep their place among those that may run at a time,
    and the next night is cancelled.
    """

    def handle_sigterm(self, *args: Any, **kwargs: Any) -> None:
        """Stop: no more flow runs begin, those under way are cancelled.

        Args:
            *args: of a signal handler.
            **kwargs: none.
        """
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            # Nothing runs yet.
            raise KeyboardInterrupt from None
        # Handed over, so that the loop wakes up: it may wait for the server's next answer.
        loop.call_soon_threadsafe(lambda: loop.create_task(self._stop()))

    async def _stop(self) -> None:
        """Stop once it has started: Prefect's own refuses before that, and would go on serving."""
        while not self.started:
            if self.stopping:
                return
            await asyncio.sleep(SECONDS_BETWEEN)
        await self.astop()


def serve_deployments(deployments: Sequence[RunnerDeployment]) -> None:
    """Register deployments and serve them until SIGINT or SIGTERM.

    Args:
        deployments: of one configuration.
    """
    # Who pauses them in the end is for `ownership` to say.
    runner = EndingRunner(pause_on_shutdown=False)
    # Prefect does so only after seconds of imports.
    signal.signal(signal.SIGTERM, runner.handle_sigterm)
    names = ", ".join(str(deployment.name) for deployment in deployments)
    try:
        for deployment in deployments:
            runner.add_deployment(deployment)
        print(f"These deployments are being served: {names}. Ctrl+C ends it.", flush=True)  # noqa: T201
        asyncio.run(runner.start())
    except KeyboardInterrupt:
        # The way in which a person ends it.
        return
