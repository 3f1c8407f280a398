"""The choice of a split, so that no fold sees the future of another."""

from fusion.config import SplitSettings
from fusion.data.dataset import Dataset
from fusion.data.splitting.fold import Plan
from fusion.data.splitting.last_folds import plan_last_folds
from fusion.data.splitting.random_folds import plan_random_folds
from fusion.data.splitting.time_folds import explain_no_window, plan_time_folds
from fusion.errors import DataError


def plan_folds(
    data: Dataset,
    split: SplitSettings,
    seen: bool = False,
    seed: int = 7,
    keep: tuple[str, int | None] | None = None,
) -> Plan:
    """Plan the folds of a training.

    Args:
        data: all interactions.
        split: kind of split, label folds, windows and users asked for.
        seen: items of a user's history may be labels again.
        seed: of a random split.
        keep: kind and window (days) of the live run, which a retrain stays with while such a
            window still holds half of the users asked for; None for the best plan.

    Returns:
        A plan by time where the data allows it, else by each user's last events, else by hash.

    Raises:
        DataError: the split asked for cannot be made, or there is too little data.
    """
    if split.kind in ("auto", "time") and data.has_times:
        plan = plan_time_folds(data, split, seen, keep)
        if plan is not None:
            return plan
    last_without_times = split.kind == "last" and not data.has_times
    if split.kind == "time" or last_without_times:
        raise DataError(explain_no_window(data, split))
    if split.kind == "random" or not data.has_times:
        return plan_random_folds(data, split, seen, seed)
    return plan_last_folds(data, split, seen)
