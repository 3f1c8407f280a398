"""The stages of rankers: the one that is judged, the one that serves, and its twin."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fusion.config import RankerSettings
from fusion.data.splitting.fold import Kind
from fusion.ranking.folders import RankerFolder
from fusion.ranking.lightgbm_inputs import resolve_defaults
from fusion.ranking.ranker import Ranker
from fusion.ranking.ranker_training import n_validation_folds, refit, train_ranker
from fusion.ranking.sampling import read_training_set, read_validation_lists
from fusion.ranking.source_prior import SourcePrior, fit_source_prior
from fusion.ranking.table import RankingTable, aligned, poisson_resample
from fusion.runs.context import RunContext
from fusion.runs.stages.runtime import Runtime, Stage
from fusion.training.defaults import DEFAULTS


@dataclass(frozen=True)
class RankerInputs:
    """All that decides the ranker that is judged.

    Attributes:
        tables: folders of the label folds' tables, oldest first.
        settings: as configured, some left open.
        split: kind of the folds; at random the ranker is drawn towards the best source.
        seed: of the run.
        threads: of LightGBM, which sums in their order.
        only_new: folders of tables with new items alone.
    """

    tables: tuple[Path, ...]
    settings: RankerSettings
    split: Kind
    seed: int
    threads: int
    only_new: tuple[Path, ...] = ()

    @classmethod
    def of(
        cls, context: RunContext, tables: Sequence[Path], only_new: Sequence[Path] = ()
    ) -> "RankerInputs":
        """Return the inputs of a training's ranker.

        Args:
            context: of the training.
            tables: folders of the label folds' tables, oldest first.
            only_new: folders of tables with new items alone.
        """
        return cls(
            tables=tuple(tables),
            settings=context.config.ranker,
            split=context.plan.kind,
            seed=context.config.seed,
            threads=context.threads,
            only_new=tuple(only_new),
        )


@dataclass(frozen=True)
class FittedRanker:
    """A ranker as its stage left it.

    Attributes:
        settings: with all that was left open filled in; `trees` is the number it has.
    """

    ranker: Ranker
    settings: RankerSettings

    @classmethod
    def load(cls, folder: Path, threads: int) -> "FittedRanker":
        """Read what the stage wrote.

        Args:
            folder: of the stage.
            threads: to score on, which change no bit.
        """
        settings = RankerFolder(folder).settings.read_text()
        return cls(Ranker.load(folder, threads), RankerSettings.model_validate_json(settings))


def ranker_stage(inputs: RankerInputs) -> Stage[RankerInputs]:
    """Return the stage that trains the ranker on the label folds.

    Args:
        inputs: of the stage.
    """
    return Stage("ranker", "ranker", inputs, make_ranker)


def make_ranker(folder: Path, inputs: RankerInputs, runtime: Runtime) -> None:
    """Train the ranker, with its number of trees chosen by early stopping, and write it.

    Args:
        folder: empty.
        inputs: of the stage.
        runtime: not needed; threads decide bits here and are an input.
    """
    max_rows, seed = inputs.settings.max_rows, inputs.seed
    training = read_training_set(inputs.tables, max_rows, seed)
    settings = resolve_defaults(inputs.settings, training)
    # Whole lists, unlike those that are trained on: thinned ones would be easier to order.
    newest = n_validation_folds(training)
    validation = read_validation_lists(inputs.tables, max_rows, seed, newest)
    only_new = _read_only_new(inputs.only_new, inputs.tables, max_rows, seed)
    ranker, n_trees = train_ranker(training, validation, settings, seed, inputs.threads, only_new)
    # Random folds are easier than what is served, and teach the ranker too little trust in sources.
    if inputs.split == "random":
        ranker = replace(ranker, source_prior=_source_prior(ranker, validation))
    ranker.save(folder)
    fitted = settings.model_copy(update={"trees": n_trees})
    RankerFolder(folder).settings.write_text(fitted.model_dump_json())


def _read_only_new(
    folders: Sequence[Path], others: Sequence[Path], max_rows: int, seed: int
) -> list[RankingTable]:
    """The tables of new items alone, each with as much room as a table of the others has."""
    room = max_rows // (len(folders) + len(others))
    return [table for folder in folders for table in read_training_set([folder], room, seed)]


def _source_prior(ranker: Ranker, validation: Sequence[RankingTable]) -> SourcePrior:
    """The source towards which a ranker of random folds is drawn."""
    scores = [ranker.score(aligned(lists, ranker.columns)) for lists in validation]
    return fit_source_prior(validation, scores)


@dataclass(frozen=True)
class ServingInputs:
    """All that decides the ranker that serves, or its twin.

    Attributes:
        tables: folders of the tables of the label folds and the verdict fold, oldest first.
        settings: of the ranker that was judged; `trees` is the number to grow.
        source_prior: towards which it is drawn; None draws nowhere.
        draw_seed: of the draw of training rows.
        seed: of the fit.
        resample: whether users are drawn anew, as those of a twin are.
        threads: of LightGBM, which sums in their order.
        only_new: folders of tables with new items alone.
    """

    tables: tuple[Path, ...]
    settings: RankerSettings
    source_prior: SourcePrior | None
    draw_seed: int
    seed: int
    resample: bool
    threads: int
    only_new: tuple[Path, ...] = ()

    @classmethod
    def of(
        cls,
        context: RunContext,
        tables: Sequence[Path],
        judged: FittedRanker,
        only_new: Sequence[Path] = (),
    ) -> "ServingInputs":
        """Return the inputs of the ranker that serves.

        Args:
            context: of the training.
            tables: folders of the tables of the label folds and the verdict fold, oldest first.
            judged: the ranker that the verdict chose.
            only_new: folders of tables with new items alone.
        """
        return cls(
            tables=tuple(tables),
            settings=judged.settings,
            source_prior=judged.ranker.source_prior,
            draw_seed=context.config.seed,
            seed=context.config.seed,
            resample=False,
            threads=context.threads,
            only_new=tuple(only_new),
        )

    def of_twin(self) -> "ServingInputs":
        """Return the inputs of the twin, an A/A replicate: another seed, and users drawn anew."""
        return replace(self, seed=self.seed + DEFAULTS.twin_seed_offset, resample=True)


def serving_stage(inputs: ServingInputs, label: str) -> Stage[ServingInputs]:
    """Return the stage that refits the ranker with the verdict's table as its newest fold.

    Args:
        inputs: of the stage.
        label: what people see of it.
    """
    return Stage("serving", label, inputs, make_serving_ranker)


def make_serving_ranker(folder: Path, inputs: ServingInputs, runtime: Runtime) -> None:
    """Refit the ranker for a known number of trees and write it.

    Args:
        folder: empty.
        inputs: of the stage.
        runtime: not needed; threads decide bits here and are an input.
    """
    settings = inputs.settings
    max_rows, draw_seed = settings.max_rows, inputs.draw_seed
    only_new = _read_only_new(inputs.only_new, inputs.tables, max_rows, draw_seed)
    tables = [*only_new, *read_training_set(inputs.tables, max_rows, draw_seed)]
    if inputs.resample:
        tables = [poisson_resample(table, inputs.seed) for table in tables]
    ranker = refit(tables, settings, settings.trees, inputs.seed, inputs.threads)
    replace(ranker, source_prior=inputs.source_prior).save(folder)
