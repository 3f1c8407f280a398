"""The session of a flow run: each of its steps is a task, and a long one has a bar."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import deployment

from flows.prefect_flows.results.stage_bars import StageBars
from flows.session import Session
from fusion.errors import FusionError

T = TypeVar("T")


def without_traceback(record: logging.LogRecord) -> bool:
    """Reduce the record of a foreseen failure to its sentence; others keep their traceback.

    Args:
        record: a record of Prefect's engine; its traceback is taken off in place.

    Returns:
        True: the record is logged.
    """
    if record.exc_info and isinstance(record.exc_info[1], FusionError):
        record.exc_info = None
    return True


for _engine in (
    "prefect.flow_runs",
    "prefect.task_runs",
    "prefect.flow_engine",
    "prefect.task_engine",
):
    logging.getLogger(_engine).addFilter(without_traceback)


def as_task(name: str, work: Callable[[], T], /) -> T:
    """Run a step as a Prefect task.

    Stages on disk make it idempotent, so Prefect need not cache anything.

    Args:
        name: of the step and of the task.
        work: the step.

    Returns:
        What the step returns.
    """
    named = task(name=name, task_run_name=name, cache_policy=NO_CACHE, persist_result=False)(work)
    return named()


def session_of(config: str, by: str | None = None) -> Session:
    """Open the session of a flow run, whose steps are tasks.

    Args:
        config: path of the configuration file.
        by: a name for the history of slots; None is the OS user.

    Returns:
        The session.
    """
    bars = StageBars()

    def step(name: str, work: Callable[[], T], /) -> T:
        try:
            return as_task(name, work)
        finally:
            bars.end(name)

    options: dict[str, Any] = {"step": step, "progress": bars.progress}
    if by:
        options["by"] = by
    # Whoever started the schedule at a terminal does not watch its nights.
    if deployment.id:
        options["attended"] = False
    return Session.open(Path(config), **options)
