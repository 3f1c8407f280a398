"""The table of a fold by other processes: a part for some of its users."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from fusion.core.arrays import Rows, blocks
from fusion.core.parallel import BlockBudget, cut_parts
from fusion.core.progress import Progress
from fusion.data.on_disk.dataset_folder import mapped_array
from fusion.data.splitting.fold import Fold
from fusion.models.base.allowed import Allowed
from fusion.models.base.fitted import FittedSource
from fusion.models.foreign.files import read_arrays
from fusion.ranking.candidates import block_users
from fusion.ranking.table_file import join_tables, write_table
from fusion.ranking.table_users import TableUsers
from fusion.runs.stages.runtime import Runtime
from fusion.training.elsewhere.fitted import hand_over_sources, open_sources, state_bytes
from fusion.training.elsewhere.opened_data import opened_data
from fusion.training.elsewhere.parts import UsersTask, made_parts, part_gib
from fusion.training.elsewhere.worker_runtime import means_of, worker_runtime
from fusion.training.source_fits import SourceFit

OF_PART = ("rows", "labels", "left_out")
"""Arrays of the users of a part."""


def make_table_parts(
    folder: Path,
    sources: Sequence[SourceFit],
    loaded: Sequence[FittedSource],
    users: TableUsers,
    runtime: Runtime,
) -> None:
    """Write a fold's table: here, or of parts that others make where there are several.

    Args:
        folder: an empty `TableFolder`.
        sources: fitted on the fold.
        loaded: the same.
        users: of the fold.
        runtime: of the stage.

    Raises:
        SourceFailed: a source died of it.
        ExecutorLost: there is nobody left who could do it.
    """
    budget = runtime.block_budget
    size = block_users(loaded, budget.block_bytes)
    parts = cut_parts([users.rows[block] for block in blocks(len(users.rows), size)])
    if runtime.handover is None or len(parts) < 2:
        write_table(folder, loaded, users, budget, runtime.watch())
        return
    task = _task(sources, loaded, users, runtime)
    with closing(made_parts(folder, task, parts, runtime)) as made:
        join_tables(folder, made)


def _task(
    sources: Sequence[SourceFit],
    loaded: Sequence[FittedSource],
    users: TableUsers,
    runtime: Runtime,
) -> UsersTask:
    """Hand over what each part needs."""
    handover, budget = runtime.handover, runtime.block_budget
    fold, allowed = users.fold, users.allowed
    assert handover is not None

    def of_part(rows: Rows) -> dict[str, Any]:
        part = users.between(int(rows[0]), int(rows[-1]))
        return {"users": handover.arrays({name: getattr(part, name) for name in OF_PART})}

    shared = {
        "means": means_of(runtime, *(source.fit.stage.inputs.model for source in sources)),
        "sources": hand_over_sources(sources, loaded, runtime),
        "known": handover.dataset(fold.known),
        "fold": {"name": fold.name, "cut": fold.cut},
        "as_of": handover.mapped(fold.as_of),
        "allowed": handover.mapped(allowed.items),
        "seen": allowed.seen,
        "block_bytes": budget.block_bytes,
    }
    target = f"{__name__}:make_handed_part"
    return UsersTask(
        target, shared, of_part, part_gib(state_bytes(sources), len(fold.known), budget)
    )


def make_handed_part(progress: Progress, folder: Path, handed: Mapping[str, Any]) -> None:
    """Make the part of a table that was handed over.

    Args:
        progress: of its users.
        folder: empty.
        handed: the arguments of a part.
    """
    opened, as_of = opened_data(handed["known"]), mapped_array(Path(handed["as_of"]))
    # Labels come by the part's users, and nothing else is asked of a fold.
    known, none = opened.known, np.empty(0, np.int32)
    fold = Fold(**handed["fold"], known=known, as_of=as_of, label_users=none, label_items=none)
    allowed = Allowed(mapped_array(Path(handed["allowed"])), handed["seen"])
    users = TableUsers(fold, allowed, opened.statistics, **read_arrays(Path(handed["users"])))
    with worker_runtime(handed["means"], progress) as runtime:
        budget = BlockBudget(handed["block_bytes"], runtime.threads)
        write_table(folder, open_sources(handed["sources"]), users, budget, progress)
