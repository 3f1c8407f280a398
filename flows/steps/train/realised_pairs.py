"""What became of earlier promises, as a verdict takes it in."""

from flows.session import Session
from fusion.data.splitting.fold import Plan
from fusion.evaluation.promise.defaults import DEFAULTS
from fusion.evaluation.promise.interval import RealisedPairs
from fusion.evaluation.promise.window_figure import DAY, WINDOW
from fusion.runs.manifest import moment
from storage.watches.kept_promises import kept_promises


def realised_pairs(session: Session, plan: Plan, as_of: int) -> RealisedPairs:
    """Read what earlier runs promised, and what was realised.

    Args:
        session: the database and the placement.
        plan: whose window promises are for.
        as_of: ms; what became known later is left out, so that a run as of a past date knows
            nothing of what came after.

    Returns:
        Pairs by horizon, metric and places, oldest first; none where the split is not by time.
    """
    if plan.window is None:
        return {}
    days = {DAY: 1, WINDOW: plan.window}
    promises = kept_promises(
        session.engine, session.placement, days, moment(as_of), DEFAULTS.most_windows
    )
    pairs: dict[tuple[str, str, int], list[tuple[float, float]]] = {}
    for one in promises:
        key = one.horizon, one.name, one.k
        pairs.setdefault(key, []).append((one.promised, one.realised))
    return dict(pairs)
