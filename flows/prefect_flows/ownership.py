"""Ownership of deployments: whoever registered one last serves it, and nobody pauses another's.

The version of a deployment is the mark of the process that serves it. A schedule that ends pauses
only what still has its own mark, and puts `RELEASED` in its place; another that serves the same
deployments sees that within half a minute, and takes them over. A pause by a person, on Prefect's
pages, leaves the mark as it is, and holds.
"""

import logging
import os
import platform
import secrets
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import copy_context

from httpx import HTTPError
from prefect import get_client
from prefect.client.schemas.actions import DeploymentUpdate
from prefect.client.schemas.responses import DeploymentResponse
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import PrefectException

log = logging.getLogger(__name__)
RELEASED = "served by nobody"
"""Version of a deployment whose schedule has ended."""
LOOK_EVERY = 20.0
"""Seconds between two looks at who serves the deployments."""
AWAY = (HTTPError, PrefectException, OSError)
"""Failures of a server that is busy, away, or knows a deployment no more."""


def owner() -> str:
    """Return a mark of this process, which no other has.

    Returns:
        Host, process number and some random digits, for people and for comparison.
    """
    return f"{platform.node()} pid {os.getpid()} {secrets.token_hex(4)}"


@contextmanager
def owned(served: Sequence[RunnerDeployment], mark: str) -> Iterator[None]:
    """Keep deployments served as long as the block lasts, and pause them in the end.

    Args:
        served: with `mark` as their version.
        mark: of this process.

    Yields:
        Nothing.
    """
    ended = threading.Event()
    # Prefect keeps its settings in context variables, which a new thread does not have by itself.
    context = copy_context()
    watch = threading.Thread(target=context.run, args=(_take_over, served, ended), daemon=True)
    watch.start()
    try:
        yield
    finally:
        # First the watch: it would take back what is released.
        ended.set()
        watch.join()
        for deployment in served:
            _release(deployment, mark)


def _take_over(served: Sequence[RunnerDeployment], ended: threading.Event) -> None:
    """Register deployments anew whenever another schedule has released them."""
    while not ended.wait(LOOK_EVERY):
        for deployment in served:
            try:
                if _registered(deployment).version == RELEASED:
                    deployment.apply()
                    log.info("deployment taken over name=%s", deployment.name)
            except AWAY as failure:
                log.warning("deployment not looked at name=%s: %s", deployment.name, failure)


def _release(deployment: RunnerDeployment, mark: str) -> None:
    """Pause a deployment, so that no flow run waits for a schedule that has ended."""
    try:
        registered = _registered(deployment)
        if registered.version != mark:
            log.info("deployment left to %s name=%s", registered.version, deployment.name)
            return
        with get_client(sync_client=True) as client:
            ending = DeploymentUpdate(version=RELEASED, paused=True)
            client.update_deployment(registered.id, ending)
    except AWAY as failure:
        log.warning("deployment not paused name=%s: %s", deployment.name, failure)


def _registered(deployment: RunnerDeployment) -> DeploymentResponse:
    """A deployment as the server knows it."""
    with get_client(sync_client=True) as client:
        return client.read_deployment_by_name(f"{deployment.flow_name}/{deployment.name}")
