"""Deployments that a running `fusion schedule` serves: the policy asked by cron, verbs by hand."""

from pathlib import Path
from typing import Any

from prefect import Flow
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.deployments.runner import RunnerDeployment
from prefect.schedules import Cron
from prefect.types.entrypoint import EntrypointType

from flows.prefect_flows.api import configured
from flows.prefect_flows.flows import monitor, retrain, run, watch
from flows.prefect_flows.ownership import owned, owner
from flows.prefect_flows.serving import serve_deployments
from flows.prefect_flows.temporary_server import temporary_server
from flows.session import Session

ONE_AT_A_TIME = ConcurrencyLimitConfig(
    limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW
)


def deployments(config: Path, served_by: str) -> list[RunnerDeployment]:
    """Make the deployments of a configuration: `retrain` by cron, the others by hand.

    A second start of one is cancelled while it runs. `retrain` and `run` do not know of each other:
    both may train.

    Args:
        config: the configuration file.
        served_by: a mark of the process that serves them, from `owner`.

    Returns:
        The four deployments, named by the placement.
    """
    session = Session.open(config)
    settings, placement = session.config.retrain, session.placement
    cron = Cron(settings.cron, timezone=settings.timezone)
    common: dict[str, Any] = {
        "parameters": {"config": str(config.resolve())},
        "tags": [placement],
        "version": served_by,
        # One that was paused when its schedule ended is served again.
        "paused": False,
    }
    return [
        _deployment(retrain, f"retrain {placement}", schedule=cron, **common),
        _deployment(run, f"run {placement}", **common),
        _deployment(monitor, f"monitor {placement}", **common),
        _deployment(watch, f"watch {placement}", **common),
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
    """Serve the deployments until SIGINT or SIGTERM; they are paused when nobody serves them.

    Args:
        config: the configuration file.
    """
    mark = owner()
    served = deployments(config, served_by=mark)
    if not configured():
        # This server ends with the schedule and has nothing left to pause.
        with temporary_server():
            serve_deployments(served)
        return
    with owned(served, mark):
        serve_deployments(served)
