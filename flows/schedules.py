"""Schedule: deployments that a running `fusion schedule` serves, the policy asked by cron."""

from pathlib import Path
from typing import Any

from prefect import Flow, serve
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.deployments.runner import RunnerDeployment
from prefect.schedules import Cron
from prefect.types.entrypoint import EntrypointType

from flows import orchestrated
from flows.session import Session

ONE_AT_A_TIME = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)


def deployments(config: Path) -> list[RunnerDeployment]:
    """`retrain` by cron; `run` and `monitor` for a person to start. One training at a time, a second is cancelled."""
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
        name=name, concurrency_limit=ONE_AT_A_TIME, entrypoint_type=EntrypointType.MODULE_PATH, **more
    )
    assert isinstance(found, RunnerDeployment)
    return found


def serve_schedule(config: Path) -> None:
    """Serve the deployments until SIGINT or SIGTERM; they are paused when it ends."""
    serve(*deployments(config), print_starting_message=True)
