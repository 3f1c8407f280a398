"""The stage that compares each source's fit on one fold with its fit on the fold before."""

import json
from dataclasses import dataclass
from pathlib import Path

from fusion.data.splitting.fold import Fold
from fusion.evaluation.serving.ranker_fit import sampled
from fusion.evaluation.serving.source_lists import compare_fits
from fusion.models.base.allowed import Allowed
from fusion.ranking.table_file import read_lists
from fusion.runs.context import RunContext
from fusion.runs.stages.runtime import Runtime, Stage
from fusion.training.source_fits import SourceFit, SourceFits, load_sources

FIGURES = "lists.json"
"""What was measured, by source."""
SAMPLE_USERS = 500
"""Users compared, about: a mean overlap is exact to 0.01 by then, and asking takes a moment."""


@dataclass(frozen=True)
class RefitInputs:
    """All that decides the comparison.

    Attributes:
        later: sources fitted on the later fold.
        n_items: items that each source's fit on the earlier fold knew, in the same order.
        fold: the earlier one, whose histories are asked about.
        table: folder of its table, with the lists of its fits.
        allowed: what might be listed then.
        seed: of the sample of users.
    """

    later: tuple[SourceFit, ...]
    n_items: tuple[int, ...]
    fold: Fold
    table: Path
    allowed: Allowed
    seed: int

    @classmethod
    def of(
        cls, context: RunContext, fits: SourceFits, earlier: Fold, later: Fold, table: Path
    ) -> "RefitInputs":
        """Return the inputs of a comparison.

        Args:
            context: of the training.
            fits: of its sources.
            earlier: fold with a table.
            later: fold.
            table: folder of the earlier fold's table.
        """
        before = fits.on(earlier)
        return cls(
            # The random one says nothing twice.
            later=fits.on(later)[:-1],
            n_items=tuple(source.fit.notes["n_items"] for source in before[:-1]),
            fold=earlier,
            table=table,
            allowed=context.allowed(earlier.cut),
            seed=context.config.seed,
        )


def refit_stage(inputs: RefitInputs, label: str) -> Stage[RefitInputs]:
    """Return the stage that compares fits.

    A stage, since the arrays of large fits are dropped after a run: tomorrow's training need not
    make them again to know what they listed.

    Args:
        inputs: of the stage.
        label: what people see of it.
    """
    return Stage("refit", label, inputs, make_comparison)


def make_comparison(folder: Path, inputs: RefitInputs, runtime: Runtime) -> None:
    """Compare the lists of all sources and write the figures.

    Args:
        folder: empty.
        inputs: of the stage.
        runtime: the means.
    """
    fold = inputs.fold
    users, lists = read_lists(inputs.table)
    is_asked = fold.known.user_counts[users] > 0
    is_asked[is_asked] = sampled(users[is_asked], inputs.seed, SAMPLE_USERS)
    asked = users[is_asked]
    histories = fold.known.users_at(asked, fold.as_of[asked])
    figures = {}
    sources = load_sources(inputs.later, runtime)
    for source, n_items in zip(sources, inputs.n_items, strict=True):
        # Items that came later, or were as if new, are no fault of the fit that lists them.
        items = inputs.allowed.items.copy()
        items[n_items:] = False
        if fold.dropped is not None:
            items[fold.dropped.items] = False
        allowed = Allowed(items, inputs.allowed.seen)
        compared = compare_fits(source, histories, lists[source.name][is_asked], allowed)
        figures[source.name] = compared.as_dict()
    (folder / FIGURES).write_text(json.dumps(figures))


def read_comparison(folder: Path) -> dict[str, dict[str, float]]:
    """Read what the stage measured.

    Args:
        folder: of the stage.

    Returns:
        The fields of `ListsOfFit` by source.
    """
    figures: dict[str, dict[str, float]] = json.loads((folder / FIGURES).read_text())
    return figures
