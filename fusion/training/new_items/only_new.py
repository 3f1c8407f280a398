"""A table of new items alone: who wants which of them, for the ranker to learn from."""

from pathlib import Path

import numpy as np

from fusion.data.splitting.as_if_new import fold_of_dropped
from fusion.data.splitting.fold import Fold, has_training_users
from fusion.models.base.allowed import Allowed
from fusion.ranking.sampling import HISTORY_COLUMN, limit_training_users
from fusion.ranking.table_file import read_columns
from fusion.runs.context import RunContext
from fusion.training.source_fits import SourceFits
from fusion.training.table_stage import TableInputs, table_stage


def only_new_tables(context: RunContext, fits: SourceFits, fold: Fold) -> list[Path]:
    """Make a table in which only items that are as if new are candidates, and their likes labels.

    Few labels of a window are new items: enough to learn how often one is wanted beside the known,
    too few to learn which one. Who had liked the dropped items knows that, and is asked apart,
    since so many labels among all candidates would give new items too many places.

    Args:
        context: of the training.
        fits: of its sources, on the fold.
        fold: the oldest label fold, which knows nothing that another one holds out.

    Returns:
        The folder of the table; none where no item is as if new, or nobody can be learned from.
    """
    if fold.dropped is None:
        return []
    config, n_tables = context.config, len(context.plan.labels) + 1
    of_dropped = limit_training_users(
        fold_of_dropped(fold), config.ranker.max_rows, n_tables, config.seed
    )
    if not has_training_users(of_dropped):
        return []
    allowed = context.allowed(fold.cut)
    items = np.zeros_like(allowed.items)
    items[: fold.dropped.n_items] = fold.dropped.item_counts > 0
    inputs = TableInputs(fits.on(fold), of_dropped, Allowed(items & allowed.items, allowed.seen))
    folder = context.runtime.run(table_stage(inputs))
    return [folder] if _has_training_rows(folder) else []


def _has_training_rows(folder: Path) -> bool:
    """Tell whether a user with a history has a label among the candidates."""
    table = read_columns(folder, (HISTORY_COLUMN,))
    return bool(((table.labels > 0) & (table.column(HISTORY_COLUMN) > 0)).any())
