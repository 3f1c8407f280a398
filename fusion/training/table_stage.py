"""The stage of a fold's table: candidates with features and labels, and predicted ratings."""

from dataclasses import dataclass
from pathlib import Path

from fusion.data.splitting.fold import Fold
from fusion.evaluation.rating_errors import write_rating_errors
from fusion.models.base.allowed import Allowed
from fusion.ranking.table_users import TableUsers
from fusion.runs.context import RunContext
from fusion.runs.stages.runtime import Runtime, Stage
from fusion.training.elsewhere.tables import make_table_parts
from fusion.training.source_fits import SourceFit, SourceFits, load_sources


@dataclass(frozen=True)
class TableInputs:
    """All that decides a table.

    Attributes:
        sources: fitted on the fold, in the order of columns.
        fold: with labels.
        allowed: what may be listed at its cut.
    """

    sources: tuple[SourceFit, ...]
    fold: Fold
    allowed: Allowed

    @classmethod
    def of(cls, context: RunContext, fits: SourceFits, fold: Fold) -> "TableInputs":
        """Return the inputs of a fold's table.

        Args:
            context: of the training.
            fits: of its sources.
            fold: with the labels that the table is to have.
        """
        return cls(fits.on(fold), fold, context.allowed(fold.cut))


def table_stage(inputs: TableInputs) -> Stage[TableInputs]:
    """Return the stage that makes a fold's table.

    Args:
        inputs: of the stage.
    """
    return Stage("table", f"table of {inputs.fold.name}", inputs, make_table)


def make_table(folder: Path, inputs: TableInputs, runtime: Runtime) -> None:
    """Write a fold's table and the ratings that sources predict.

    Args:
        folder: empty.
        inputs: of the stage.
        runtime: the means.
    """
    sources = load_sources(inputs.sources, runtime)
    users = TableUsers.of(inputs.fold, inputs.allowed)
    make_table_parts(folder, inputs.sources, sources, users, runtime)
    write_rating_errors(folder, sources, inputs.fold)
