"""`fusion deploy`: the deployments in a work pool, whose workers run them."""

from importlib.metadata import version
from pathlib import Path
from typing import Any

from prefect import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.schedules import CronSchedule
from prefect.deployments.runner import RunnerDeployment
from prefect.events import DeploymentEventTrigger
from prefect.exceptions import ObjectNotFound
from prefect.workers.base import BaseWorker
from prefect.workers.process import ProcessWorker

from flows.prefect_flows.deployments import deployments
from flows.prefect_flows.registered import Deployed, Registered
from fusion.errors import ConfigError

DISTRIBUTION = "fusion-recommender"


def deploy(config: Path, pool: str, pool_type: str | None = None) -> Deployed:
    """Register the deployments of a configuration in a work pool, anew where they are there.

    Args:
        config: the configuration file, at the path under which workers see it.
        pool: name of the work pool; made where it is not there.
        pool_type: of its workers; None takes the pool as it is, and makes one for processes.

    Returns:
        The pool and what it runs now.

    Raises:
        ConfigError: the configuration is none, or the pool is of another type or of one that is not
            installed here.
    """
    wanted = deployments(config, served_by=version(DISTRIBUTION))
    type_there = _type_of(pool)
    if type_there is None:
        type_there = _make_pool(pool, pool_type or ProcessWorker.type)
        made = True
    else:
        _require_type(pool, type_there, pool_type)
        made = False
    for deployment in wanted:
        deployment.apply(work_pool_name=pool)
    return Deployed(pool, type_there, made, tuple(_registered(one) for one in wanted))


def _type_of(pool: str) -> str | None:
    """Return the type of a work pool; None where it is not there."""
    with get_client(sync_client=True) as client:
        try:
            return client.read_work_pool(pool).type
        except ObjectNotFound:
            return None


def _require_type(pool: str, type_there: str, pool_type: str | None) -> None:
    if pool_type not in (None, type_there):
        raise ConfigError(
            f"work pool {pool!r} is of type {type_there!r}, not {pool_type!r}; leave --type out, "
            "or name another pool with --pool"
        )


def _make_pool(pool: str, pool_type: str) -> str:
    """Make a work pool whose jobs are as the installed worker of that type says."""
    worker = BaseWorker.get_worker_class_from_type(pool_type)
    if worker is None:
        known = ", ".join(sorted(BaseWorker.get_all_available_worker_types()))
        raise ConfigError(
            f"no worker of type {pool_type!r} is installed here, so work pool {pool!r} cannot be "
            f"made; known: {known}. Install Prefect's package for it, or make the pool with "
            f"`prefect work-pool create --type {pool_type} {pool}` and leave --type out"
        )
    template = worker.get_default_base_job_template()
    with get_client(sync_client=True) as client:
        client.create_work_pool(
            WorkPoolCreate(name=pool, type=pool_type, base_job_template=template)
        )
    return pool_type


def _registered(deployment: RunnerDeployment) -> Registered:
    cron = timezone = None
    for one in deployment.schedules or ():
        if isinstance(one.schedule, CronSchedule):
            cron, timezone = one.schedule.cron, one.schedule.timezone
    events: set[Any] = set()
    for trigger in deployment.triggers:
        if isinstance(trigger, DeploymentEventTrigger):
            events |= trigger.expect
    return Registered(deployment.full_name, cron, timezone, tuple(sorted(events)))
