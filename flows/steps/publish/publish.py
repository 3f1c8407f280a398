"""Publishing: a slot moves to an admitted run whose checks hold, in one transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from flows.session import Session
from flows.steps.arrivals.answered import answer_as_live
from flows.steps.patience import patiently
from flows.steps.publish.load_run import load_if_missing, register_from_folder
from flows.steps.publish.publish_checks import explain_refusal, publish_checks
from fusion.errors import Overtaken, Refused
from storage.reading.live_run import live
from storage.runs.histories import drop_histories
from storage.runs.runs import add_refusal, find_run
from storage.schema.row_objects import Move, RunRow
from storage.slots.challenger import approve, no_challenger
from storage.slots.publish import publish

TRIES = 3
"""Times that a run is checked when others go live meanwhile; so many at once is no coincidence."""


@dataclass(frozen=True)
class Published:
    """A run that a slot shows now.

    Attributes:
        run_id: the run.
        move: of the live slot, or of the challenger's.
    """

    run_id: str
    move: Move

    @property
    def is_challenger(self) -> bool:
        """True when the run waits for approval."""
        return self.move.name == "challenger"

    @property
    def replaced(self) -> str | None:
        """The run that waited for approval until this one took its place; None where none did."""
        return self.move.from_run_id if self.is_challenger and self.move.is_new else None


def publish_run(
    session: Session,
    run_id: str,
    reason: str = "admitted by its checks",
    *,
    hold: bool = False,
    from_folder: bool = False,
    allow_older: bool = False,
) -> Published:
    """Let the live slot show a run; with `hold` or `gate.approve`, the challenger's slot.

    Args:
        session: the database and its placement.
        run_id: the run's id, or a slot.
        reason: for the history.
        hold: leave the run to be approved.
        from_folder: give a run that the database does not know a row, and load its folder.
        allow_older: also where it knows less of the data than what is live.

    Returns:
        The run and its move; a move that is not new where the slot showed the run already.

    Raises:
        Refused: the run was rejected, failed or is not finished; a check does not hold now, which
            is noted in the run's manifest; or the placement is frozen.
    """
    # A database that is away as the verb begins ends it at once: nothing has been done yet.
    if from_folder:
        session.make_database()
    else:
        _ = session.engine

    def _publish(again: bool) -> Published:
        # Whatever an earlier try did, to do it again changes nothing.
        if from_folder:
            register_from_folder(session, run_id)
        else:
            load_if_missing(session, run_id)
        return _publish_loaded(session, run_id, reason, hold, allow_older)

    return patiently(session, "publishing", _publish)


def _publish_loaded(
    session: Session, run_id: str, reason: str, hold: bool, allow_older: bool
) -> Published:
    """Check and show a run whose rows are in SQL."""
    run = find_ready_run(session, run_id)
    move = partial(
        publish, session.engine, session.placement, run.run_no, by=session.by, reason=reason
    )
    if hold or session.config.gate.approve:
        # Whatever goes live meanwhile, the run is checked again when it is approved: only then it
        # may have to be as new as what is live.
        require_checks(session, run, _live_run(session), allow_older=True)
        return Published(run.run_id, move(slot="challenger"))
    return Published(run.run_id, check_and_move(session, run, move, allow_older))


def approve_run(
    session: Session, reason: str, run_id: str | None = None, *, allow_older: bool = False
) -> Published:
    """Let the live slot show the challenger, whose slot is emptied.

    Args:
        session: the database and its placement.
        reason: for the history.
        run_id: the run that was looked at; None or `challenger` for whichever waits.
        allow_older: also where it knows less of the data than what is live by now.

    Returns:
        The run and its move.

    Raises:
        Refused: another run waits by now, or none does; and for what refuses a publish.
    """
    if live(session.engine, session.placement, "challenger") is None:
        raise no_challenger(session.placement)
    run = find_ready_run(session, "challenger")
    if run_id not in (None, "challenger", run.run_id):
        raise Refused(
            f"the challenger is run {run.run_id}, not {run_id}: "
            "look at it with `fusion diff live challenger`"
        )
    move = partial(
        approve, session.engine, session.placement, run.run_no, by=session.by, reason=reason
    )
    return Published(run.run_id, check_and_move(session, run, move, allow_older))


def find_ready_run(session: Session, name: str) -> RunRow:
    """Find a run that may be shown.

    Args:
        session: the database and its placement.
        name: the run's id, or a slot.

    Returns:
        The run, whose status is ready.

    Raises:
        Refused: the run may not be shown; the message says why.
    """
    run = find_run(session.engine, session.placement, name)
    if run.status != "ready":
        reason = explain_refusal(run)
        raise Refused(
            f"run {run.run_id} is {run.status}, not ready: {reason}; what is live stays live, and "
            "`fusion runs` shows which runs are ready"
        )
    return run


def check_and_move(
    session: Session,
    run: RunRow,
    move: Callable[..., Move],
    allow_older: bool = False,
    tries: int = TRIES,
) -> Move:
    """Check a run against what is live, then move the slot, if that is still live.

    Checks take seconds, and another run may go live meanwhile. The move then fails, and the run is
    checked again, against the new one.

    Args:
        session: the database and its placement.
        run: the run to show.
        move: moves the slot; takes `instead_of`, the number of the run that must be live, or None.
        allow_older: the run may know less of the data than what is live.
        tries: checks at most.

    Returns:
        The move.

    Raises:
        Refused: a check does not hold.
        Overtaken: other runs went live in each try.
    """
    # What is shown already was judged when it went live; to show it again changes nothing.
    live_run = _live_run(session)
    is_live_already = live_run is not None and live_run.run_no == run.run_no
    if not is_live_already:
        require_checks(session, run, live_run, allow_older)
    try:
        moved = move(instead_of=live_run.run_no if live_run else None)
    except Overtaken:
        if tries == 1:
            raise
        return check_and_move(session, run, move, allow_older, tries - 1)
    answer_as_live(session, run)
    _keep_histories(session, run)
    return moved


def _keep_histories(session: Session, run: RunRow) -> None:
    """Store the histories of a run that went live; take all away where none shall be stored."""
    if not session.config.lists.history:
        drop_histories(session.engine, session.placement)
        return
    # Only now: `approve` has to answer at once.
    from flows.steps.publish.histories import store_histories  # noqa: PLC0415

    store_histories(session, run)


def _live_run(session: Session) -> RunRow | None:
    slot = live(session.engine, session.placement)
    return slot.run if slot else None


def require_checks(
    session: Session, run: RunRow, live_run: RunRow | None, allow_older: bool = False
) -> None:
    """See that every check of publishing holds, and note in the run's manifest which do not.

    Args:
        session: the database and its placement.
        run: the run to show.
        live_run: the run that it would replace; None where nothing is live.
        allow_older: it may know less of the data than what is live.

    Raises:
        Refused: a check does not hold.
    """
    checks = publish_checks(session, run, live_run, allow_older)
    broken = [check for check in checks if not check.holds]
    if not broken:
        return
    # Without examples: they name people, and what is stored must not.
    refusals = [check.as_dict() for check in broken]
    add_refusal(session.engine, run.run_no, session.by, refusals)
    reasons = [check.text() for check in broken]
    raise Refused(
        f"run {run.run_id} breaks its contract: {'; '.join(reasons)}; what is live stays live",
        reasons,
    )
