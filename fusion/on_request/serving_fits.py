"""The fits of a run that serve: found by its manifest, and loaded to score."""

import logging
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from fusion.errors import SourceFailed
from fusion.models.base.fitted import FittedSource
from fusion.models.base.registry import build, registered
from fusion.runs.manifest import FitRow
from fusion.runs.stages.record import damage_of_file, read_record
from fusion.training.fit_stage import STATE

log = logging.getLogger(__name__)


def load_serving_fits(rows: Iterable[FitRow], store: Path) -> list[FittedSource]:
    """Load the fits that serve.

    Args:
        rows: of the manifest.
        store: folder of the stages.

    Returns:
        The sources that can be asked here, in the order of the rows. Left out, with a warning, is a
        source of another package, which runs in a process of its own, and one whose fit is damaged,
        gone, or of another release.
    """
    ours = registered()
    sources = []
    for row in rows:
        why = f"{row.use} comes from another package" if row.use not in ours else ""
        why = why or _damage(store / row.stage)
        if not why:
            try:
                sources.append(_restore(row, store / row.stage))
            except SourceFailed as failure:
                why = failure.why
        if why:
            log.warning("source %s is not asked: %s", row.name, why)
    return sources


def _damage(folder: Path) -> str:
    """Return what is wrong with a fit, or nothing."""
    if STATE not in read_record(folder):
        return "its fit is not in the store any more"
    return damage_of_file(folder, STATE)


def _restore(row: FitRow, folder: Path) -> FittedSource:
    """Return the fitted source; SourceFailed where this release cannot read what it learned."""
    unfitted = FittedSource(row.name, build(row.use, row.settings), row.n_items, row.k)
    with unfitted.attribute_errors(), np.load(folder / STATE, allow_pickle=False) as stored:
        state = {name: stored[name] for name in stored.files}
        model = type(unfitted.model).restore(unfitted.model.config, state)
    return FittedSource(row.name, model, row.n_items, row.k)
