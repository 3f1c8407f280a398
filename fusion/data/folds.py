"""Plan the folds of a training, so that no fold sees the future of another."""

from fusion.config import SplitSettings
from fusion.data.dataset import Dataset
from fusion.data.fold import Plan
from fusion.data.last_folds import plan_last_folds
from fusion.data.random_folds import plan_random_folds
from fusion.data.time_folds import explain_no_window, plan_time_folds
from fusion.errors import DataError


def plan_folds(
    data: Dataset,
    split: SplitSettings,
    seen: bool = False,
    seed: int = 7,
    keep: tuple[str, int | None] | None = None,
) -> Plan:
    """Plan the folds of `data`.

    `seen`: whether an item the user has met may be a label again. `keep`: kind and window of the
    live run, which a retrain stays with while a window still holds half the users asked for. Raises
    DataError when no plan fits.
    """
    if split.kind in ("auto", "time") and data.has_times:
        plan = plan_time_folds(data, split, seen, keep)
        if plan is not None:
            return plan
    if split.kind == "time" or (split.kind == "last" and not data.has_times):
        raise DataError(explain_no_window(data, split))
    if split.kind == "random" or not data.has_times:
        return plan_random_folds(data, split, seen, seed)
    return plan_last_folds(data, split, seen)
