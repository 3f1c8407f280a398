"""Publish: a slot moves to an admitted run that keeps its contract, in one transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from flows.session import Session
from flows.steps.publish.publish_checks import publish_checks
from fusion.errors import Overtaken, Refused
from storage.reading.read import live
from storage.runs.runs import add_refusal, find_run
from storage.schema.row_objects import Move, RunRow
from storage.slots.challenger import approve, no_challenger
from storage.slots.publish import publish

TRIES = 3
"""How often a run is judged when others go live meanwhile."""


@dataclass(frozen=True)
class Published:
    """A run, and the move that showed it: live, or `held` in the challenger's slot."""

    run_id: str
    move: Move

    @property
    def held(self) -> bool:
        """Whether the run waits for approval."""
        return self.move.name == "challenger"

    @property
    def replaced(self) -> str | None:
        """The run that waited for approval until this one just took its place; None where none did."""
        return self.move.from_run_id if self.held and self.move.is_new else None


def publish_run(
    session: Session, run_id: str, reason: str = "admitted by its checks", *, hold: bool = False
) -> Published:
    """Let the live slot show a run; with `hold` or `gate.approve`, the challenger's slot.

    Raises Refused for a run that was rejected, failed or is not finished, for one whose contract is
    broken now, and while the placement is frozen. A broken contract is noted in the run's manifest.
    """
    run = ready_run(session, run_id)
    show = partial(
        publish, session.engine, session.placement, run.run_no, by=session.by, reason=reason
    )
    if hold or session.config.gate.approve:
        keep_contract(session, run, _shown(session))
        return Published(run.run_id, show(slot="challenger"))
    return Published(run.run_id, judged(session, run, show))


def approve_run(session: Session, reason: str, run_id: str | None = None) -> Published:
    """Let the live slot show the challenger, whose slot is emptied; `run_id` is the run that was looked at.

    Raises Refused when another run waits there by now or none does, and for what refuses a publish.
    """
    if live(session.engine, session.placement, "challenger") is None:
        raise no_challenger(session.placement)
    run = ready_run(session, "challenger")
    if run_id not in (None, "challenger", run.run_id):
        raise Refused(
            f"the challenger is run {run.run_id}, not {run_id}: look at it with `fusion diff live challenger`"
        )
    show = partial(
        approve, session.engine, session.placement, run.run_no, by=session.by, reason=reason
    )
    return Published(run.run_id, judged(session, run, show))


def ready_run(session: Session, name: str) -> RunRow:
    """Find a run that may be shown; Refused with the reason when it may not."""
    run = find_run(session.engine, session.placement, name)
    if run.status != "ready":
        raise Refused(
            f"run {run.run_id} is {run.status}, not ready: {why_not(run)}; what is live stays live"
        )
    return run


def judged(session: Session, run: RunRow, show: Callable[..., Move], tries: int = TRIES) -> Move:
    """Judge a run against what is live, then let `show(instead_of=...)` move it; again when live moved meanwhile."""
    shown = _shown(session)
    if shown is None or shown.run_no != run.run_no:
        keep_contract(session, run, shown)
    try:
        return show(instead_of=shown.run_no if shown else None)
    except Overtaken:
        if tries == 1:
            raise
        return judged(session, run, show, tries - 1)


def _shown(session: Session) -> RunRow | None:
    found = live(session.engine, session.placement)
    return found.run if found else None


def keep_contract(session: Session, run: RunRow, shown: RunRow | None) -> None:
    """Raise Refused when the run's contract is broken, and note that in its manifest."""
    broken = [check for check in publish_checks(session, run, shown) if not check.holds]
    if broken:
        add_refusal(session.engine, run.run_no, session.by, [check.as_dict() for check in broken])
        told = "; ".join(check.text() for check in broken)
        raise Refused(f"run {run.run_id} breaks its contract: {told}; what is live stays live")


def why_not(run: RunRow) -> str:
    """Why a run may not be published, from its manifest."""
    if run.status == "deleted":
        return "it was pruned, and its lists are gone"
    manifest = run.manifest or {}
    broken = [
        f"{check['name']} ({check['message']})"
        for check in manifest.get("checks", [])
        if not check["holds"]
    ]
    return "; ".join(broken) or manifest.get("error", "its training has not ended")
