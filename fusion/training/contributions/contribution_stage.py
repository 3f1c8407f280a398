"""The stage that asks what each source adds, on the label folds alone."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from fusion.config import SourceSettings
from fusion.data.splitting.fold import Fold
from fusion.metrics.bootstrap import Interval
from fusion.runs.stages.runtime import Runtime, Stage
from fusion.training.contributions.defaults import DEFAULTS
from fusion.training.contributions.elimination import Contribution, Elimination, eliminate
from fusion.training.contributions.sample import read_samples
from fusion.training.contributions.small_rankers import SmallRankers
from fusion.training.sources import declared_cost

CONTRIBUTIONS = "contributions.json"
"""Result of an elimination."""
POPULARITY = "popularity"
"""Recommender that always stays: it knows an answer for everybody, and costs next to nothing."""
OTHERS_LEFT = 2
"""Sources beside popularity that stay, so that there is something to fuse."""


@dataclass(frozen=True)
class ContributionInputs:
    """All that decides what sources are found to add.

    Attributes:
        tables: folders of the label folds' tables.
        folds: the label folds, in the same order.
        shares: share of NDCG@10 that each source must bring, by source, in the order of columns.
        kept: sources that stay, whatever they add.
        seed: of the run.
    """

    tables: tuple[Path, ...]
    folds: tuple[Fold, ...]
    shares: dict[str, float]
    kept: tuple[str, ...]
    seed: int


def worth(sources: Sequence[SourceSettings], fold: Fold) -> dict[str, float]:
    """Return the share of NDCG@10 that each source must bring, by its share of the cost of fits.

    Args:
        sources: those in use.
        fold: the newest of the label folds, whose fits cost most.

    Returns:
        Shares by name, which sum to the price of a whole run.
    """
    costs = {source.name: declared_cost(source, fold.known) for source in sources}
    whole = sum(costs.values())
    return {name: DEFAULTS.price * cost / whole if whole else 0.0 for name, cost in costs.items()}


def contribution_stage(inputs: ContributionInputs) -> Stage[ContributionInputs]:
    """Return the stage that asks what each source adds.

    Args:
        inputs: of the stage.
    """
    return Stage("contributions", "contributions of sources", inputs, ask_contributions)


def ask_contributions(folder: Path, inputs: ContributionInputs, runtime: Runtime) -> None:
    """Eliminate sources until each that is left may be worth its cost, and write what was found.

    Args:
        folder: empty.
        inputs: of the stage.
        runtime: on whose threads rankers are fitted side by side.
    """
    samples = read_samples(
        inputs.tables, inputs.folds, inputs.seed, DEFAULTS.max_candidates, DEFAULTS.depth
    )
    rankers = SmallRankers(samples, inputs.seed, runtime.threads)
    found = eliminate(
        rankers.values, rankers.users, inputs.shares, inputs.kept, OTHERS_LEFT, DEFAULTS.risk
    )
    (folder / CONTRIBUTIONS).write_text(json.dumps(asdict(found)))


def read_elimination(folder: Path) -> Elimination:
    """Read what the stage wrote.

    Args:
        folder: of the stage.
    """
    stored = json.loads((folder / CONTRIBUTIONS).read_text())
    contributions = {name: _contribution(row) for name, row in stored["contributions"].items()}
    return Elimination(stored["base"], contributions, tuple(stored["left_out"]), stored["asked"])


def _contribution(stored: Mapping[str, object]) -> Contribution:
    return Contribution(**{**stored, "loss": Interval(**stored["loss"])})  # type: ignore[arg-type]
