"""Deployments of a configuration: it watches by cron, each watch asks the policy, verbs by hand."""

from pathlib import Path
from typing import Any

from prefect import Flow
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.deployments.runner import RunnerDeployment
from prefect.events import DeploymentEventTrigger
from prefect.schedules import Cron, Schedule
from prefect.types.entrypoint import EntrypointType

from flows.prefect_flows.api import configured
from flows.prefect_flows.flows import monitor, prune, retrain, run, watch
from flows.prefect_flows.ownership import owned, owner
from flows.prefect_flows.results.placement_events import WATCH_DONE, resource_of
from flows.prefect_flows.serving import serve_deployments
from flows.prefect_flows.temporary_server import temporary_server
from flows.session import Session

ONE_AT_A_TIME = ConcurrencyLimitConfig(
    limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW
)


def deployments(config: Path, served_by: str) -> list[RunnerDeployment]:
    """Make the deployments of a configuration.

    `watch` is started by cron, and `retrain` by the event that a watch sends; its own cron is for
    when none does. The others are started by hand. A second start of one is cancelled while it
    runs. `retrain` and `run` do not know of each other: both may train.

    Args:
        config: the configuration file.
        served_by: who serves them: a mark from `owner`, or a version for workers.

    Returns:
        The deployments, named by the placement.
    """
    session = Session.open(config)
    settings, placement = session.config, session.placement
    zone = settings.retrain.timezone
    common: dict[str, Any] = {
        "parameters": {"config": str(config.resolve())},
        "tags": [placement],
        "version": served_by,
        # One that was paused when its schedule ended is served again.
        "paused": False,
    }
    return [
        _deployment(
            watch, f"watch {placement}", schedules=_crons(settings.watch.cron, zone), **common
        ),
        _deployment(
            retrain,
            f"retrain {placement}",
            schedules=_crons(settings.retrain.cron, zone),
            triggers=[_after_watch(placement)],
            **common,
        ),
        _deployment(run, f"run {placement}", schedules=[], **common),
        _deployment(monitor, f"monitor {placement}", schedules=[], **common),
        _deployment(prune, f"prune {placement}", schedules=[], **common),
    ]


def _crons(cron: str, zone: str) -> list[Schedule]:
    """Return the schedules of a deployment; none also removes those of an earlier registration."""
    return [Cron(cron, timezone=zone)] if cron else []


def _after_watch(placement: str) -> DeploymentEventTrigger:
    """Return the trigger that starts a deployment whenever a watch of the placement has ended."""
    return DeploymentEventTrigger(
        name=f"fusion: a watch of {placement} asks the policy",
        description="A watch has ended: ask whether a training is due.",
        match={"prefect.resource.id": resource_of(placement)},
        expect={WATCH_DONE},
    )


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
