"""Deployments that a running `fusion schedule` serves: the policy asked by cron, verbs by hand."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from httpx import HTTPError
from prefect import Flow, get_client, serve
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import ObjectNotFound
from prefect.schedules import Cron
from prefect.types.entrypoint import EntrypointType

from flows.prefect_flows.api import configured
from flows.prefect_flows.flows import monitor, retrain, run
from flows.prefect_flows.temporary_server import temporary_server
from flows.session import Session

log = logging.getLogger(__name__)
ONE_AT_A_TIME = ConcurrencyLimitConfig(
    limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW
)


def deployments(config: Path) -> list[RunnerDeployment]:
    """Make the deployments of a configuration: `retrain` by cron, `run` and `monitor` by hand.

    A second start of one is cancelled while it runs. `retrain` and `run` do not know of each other:
    both may train.

    Args:
        config: the configuration file.

    Returns:
        The three deployments, named by the placement.
    """
    session = Session.open(config)
    settings, placement = session.config.retrain, session.placement
    parameters = {"config": str(config.resolve())}
    cron = Cron(settings.cron, timezone=settings.timezone)
    return [
        _deployment(retrain, f"retrain {placement}", parameters=parameters, schedule=cron),
        _deployment(run, f"run {placement}", parameters=parameters),
        _deployment(monitor, f"monitor {placement}", parameters=parameters),
    ]


def _deployment(flow: Flow[..., Any], name: str, **more: Any) -> RunnerDeployment:
    deployment = flow.to_deployment(
        name=name,
        concurrency_limit=ONE_AT_A_TIME,
        entrypoint_type=EntrypointType.MODULE_PATH,
        **more,
    )
    # Prefect returns a coroutine where an event loop runs; here none does.
    assert isinstance(deployment, RunnerDeployment)
    return deployment


def serve_schedule(config: Path) -> None:
    """Serve the deployments until SIGINT or SIGTERM; they are paused when it ends.

    Args:
        config: the configuration file.
    """
    served = deployments(config)
    if not configured():
        # This server ends with the schedule and has nothing left to pause.
        with temporary_server():
            serve(*served, print_starting_message=True)
        return
    try:
        serve(*served, print_starting_message=True)
    finally:
        pause(served)


def pause(served: Sequence[RunnerDeployment]) -> None:
    """Pause deployments, so that no flow run waits for a schedule that has ended.

    Prefect does so too, but a signal in the moment a flow run ends cuts it short.

    Args:
        served: deployments that were served; one that Prefect does not know any more is logged.
    """
    with get_client(sync_client=True) as client:
        for deployment in served:
            name = f"{deployment.flow_name}/{deployment.name}"
            try:
                client.pause_deployment(client.read_deployment_by_name(name).id)
            except (ObjectNotFound, HTTPError) as failure:
                log.warning("deployment not paused name=%s: %s", deployment.name, failure)
