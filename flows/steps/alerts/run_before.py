"""The run that another one is compared with."""

from sqlalchemy import Engine

from storage.reading.read import history
from storage.runs.runs import find_run
from storage.schema.row_objects import RunRow


def run_before(engine: Engine, run: RunRow) -> RunRow | None:
    """Return the run to compare another with: the one whose place it took, or would take.

    Args:
        engine: from `connect`.
        run: whose predecessor is asked for.

    Returns:
        The run that was live when this one was published; for one that never was, the run that is
        live now. None for the first of a placement.
    """
    # A run that was published twice is compared with what it replaced at first.
    moves = history(engine, run.placement)
    replaced = [move.from_run_id for move in moves if move.to_run_no == run.run_no]
    others = [move.to_run_id for move in moves if move.to_run_no != run.run_no]
    candidates = [*replaced[:1], *others[-1:]]
    if not candidates or not candidates[0]:
        return None
    return find_run(engine, run.placement, candidates[0])
