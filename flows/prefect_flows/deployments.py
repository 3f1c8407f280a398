"""Schedule: deployments that a running `fusion schedule` serves, the policy asked by cron."""

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

from flows.prefect_flows import flows as orchestrated
from flows.prefect_flows.api import configured
from flows.session import Session

log = logging.getLogger(__name__)
ONE_AT_A_TIME = ConcurrencyLimitConfig(
    limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW
)


def deployments(config: Path) -> list[RunnerDeployment]:
    """`retrain` by cron; `run` and `monitor` for a person to start.

    A second start of one is cancelled while it runs. `retrain` and `run` do not know of each other:
    both may train.
    """
    session = Session.open(config)
    settings, placement = session.config.retrain, session.placement
    given = {"config": str(config.resolve())}
    cron = Cron(settings.cron, timezone=settings.timezone)
    return [
        _deployment(orchestrated.retrain, f"retrain {placement}", parameters=given, schedule=cron),
        _deployment(orchestrated.run, f"run {placement}", parameters=given),
        _deployment(orchestrated.monitor, f"monitor {placement}", parameters=given),
    ]


def _deployment(made: Flow[..., Any], name: str, **more: Any) -> RunnerDeployment:
    found = made.to_deployment(
        name=name,
        concurrency_limit=ONE_AT_A_TIME,
        entrypoint_type=EntrypointType.MODULE_PATH,
        **more,
    )
    assert isinstance(found, RunnerDeployment)
    return found


def serve_schedule(config: Path) -> None:
    """Serve the deployments until SIGINT or SIGTERM; they are paused when it ends."""
    served = deployments(config)
    try:
        serve(*served, print_starting_message=True)
    finally:
        if configured():  # a temporary server ends with the schedule
            pause(served)


def pause(served: Sequence[RunnerDeployment]) -> None:
    """Pause deployments; Prefect does so too, but a signal in the moment a flow run ends cuts it short."""
    with get_client(sync_client=True) as client:
        for one in served:
            try:
                client.pause_deployment(
                    client.read_deployment_by_name(f"{one.flow_name}/{one.name}").id
                )
            except (ObjectNotFound, HTTPError) as failure:
                log.warning("deployment not paused name=%s: %s", one.name, failure)
