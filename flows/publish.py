"""Publish: the live pointer moves to an admitted run, in one transaction."""

from dataclasses import dataclass

from flows.session import Session
from fusion.errors import Refused
from storage.publish import publish
from storage.rows import Move, RunRow
from storage.runs import find_run


@dataclass(frozen=True)
class Published:
    """The run that is live now and the move that made it so."""

    run_id: str
    move: Move


def publish_run(session: Session, run_id: str, reason: str = "admitted by its checks") -> Published:
    """Let the live slot show a run.

    Raises Refused for a run that was rejected, failed or is not finished, and while the placement is frozen.
    """
    run = find_run(session.engine, session.placement, run_id)
    if run.status != "ready":
        raise Refused(f"run {run.run_id} is {run.status}, not ready: {why_not(run)}; what is live stays live")
    move = publish(session.engine, session.placement, run.run_no, by=session.by, reason=reason)
    return Published(run.run_id, move)


def why_not(run: RunRow) -> str:
    """Why a run may not be published, from its manifest."""
    if run.status == "deleted":
        return "it was pruned, and its lists are gone"
    manifest = run.manifest or {}
    broken = [f"{check['name']} ({check['message']})" for check in manifest.get("checks", []) if not check["holds"]]
    return "; ".join(broken) or manifest.get("error", "its training has not ended")
