"""Flow runs with nothing left to do, since another one has done it: late ones, and the backstop.

After hours without a worker one flow run a missed hour waits. The first that is started sees all
that has happened meanwhile, so the others end at once and say so.
"""

import logging
from collections.abc import Iterator
from datetime import datetime

from prefect import get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.context import FlowRunContext

from flows.prefect_flows.run_states import SKIPPED

log = logging.getLogger(__name__)
AUTOMATION = "AUTOMATION"
"""Who created a flow run that a trigger started, in Prefect's words."""


def reason_to_skip(is_backstop: bool = False) -> str:
    """Say why the flow run that is under way has nothing left to do.

    What a person starts is never skipped, nor is anything where the server does not answer.

    Args:
        is_backstop: events start this deployment, and its cron asks only where none did since the
            cron's last time.

    Returns:
        A sentence; "" where there is work.
    """
    context = FlowRunContext.get()
    run = context.flow_run if context else None
    if run is None or run.deployment_id is None or not _starts_by_itself(run):
        return ""
    try:
        return _done_since_due(run) or (_asked_by_event(run) if is_backstop else "")
    except Exception as failure:  # of HTTP, of the server, of Prefect's own checks
        kind = type(failure).__name__
        log.warning("other flow runs not looked at: %s: %s", kind, failure)
        return ""


def _starts_by_itself(run: FlowRun) -> bool:
    return run.auto_scheduled or _is_by_event(run)


def _is_by_event(run: FlowRun) -> bool:
    return run.created_by is not None and run.created_by.type == AUTOMATION


def _done_since_due(run: FlowRun) -> str:
    """Name a flow run that began after this one was due, and did the same."""
    due = run.expected_start_time
    if due is None:
        return ""
    for other in _completed(run, since=due):
        began = _clock(other.start_time)
        return f"due at {_clock(due)}, and {other.name!r} of {began} has done the same since"
    return ""


def _asked_by_event(run: FlowRun) -> str:
    """Name a flow run that an event started since the last time of the cron."""
    last = _last_time(run)
    if not run.auto_scheduled or last is None:
        return ""
    for other in _completed(run, since=last):
        if _is_by_event(other):
            began = _clock(other.start_time)
            return f"a watch has started {other.name!r} at {began}; by cron it is the backstop"
    return ""


def _completed(run: FlowRun, since: datetime) -> Iterator[FlowRun]:
    """Iterate over flow runs of the same deployment and parameters that began since then."""
    completed = FlowRunFilterStateType(any_=[StateType.COMPLETED])
    wanted = FlowRunFilter(
        state=FlowRunFilterState(type=completed),
        start_time=FlowRunFilterStartTime(after_=since),
    )
    for other in _flow_runs(run, wanted, FlowRunSort.START_TIME_DESC):
        is_other = other.id != run.id and other.parameters == run.parameters
        if is_other and other.state_name != SKIPPED:
            yield other


def _last_time(run: FlowRun) -> datetime | None:
    """Return when the cron was due before this time; None at its first."""
    earlier = FlowRunFilterExpectedStartTime(before_=run.expected_start_time)
    before = _flow_runs(
        run, FlowRunFilter(expected_start_time=earlier), FlowRunSort.EXPECTED_START_TIME_DESC
    )
    times = [one.expected_start_time for one in before if one.auto_scheduled and one.id != run.id]
    return times[0] if times else None


def _flow_runs(run: FlowRun, wanted: FlowRunFilter, sort: FlowRunSort) -> list[FlowRun]:
    same = DeploymentFilter(id=DeploymentFilterId(any_=[run.deployment_id]))
    with get_client(sync_client=True) as client:
        return client.read_flow_runs(deployment_filter=same, flow_run_filter=wanted, sort=sort)


def _clock(moment: datetime | None) -> str:
    return f"{moment:%H:%M:%S} UTC" if moment else "an unknown time"
