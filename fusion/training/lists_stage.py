"""The stage of lists: every user's list, and the samples by which they are checked and watched."""

from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from fusion.config import CoreConfig, ListSettings, SplitSettings
from fusion.config.list_settings import AUTO, MOST_COLD_USERS
from fusion.core.arrays import Rows
from fusion.data.dataset import Dataset
from fusion.data.splitting.fold import Fold, Kind, Plan
from fusion.lists.batch import ListTerms, write_lists
from fusion.lists.business_rules.compiled_rules import Rules
from fusion.lists.cold_users.taste_map import MapSettings
from fusion.lists.live_lists import LiveLists
from fusion.lists.samples import feature_sample
from fusion.ranking.folders import TableFolder
from fusion.ranking.method import Method
from fusion.ranking.ranker import Ranker
from fusion.ranking.table import KEYS
from fusion.runs.context import RunContext
from fusion.runs.monitoring_samples import USER_ROW
from fusion.runs.run_folder import ListsFolder
from fusion.runs.stages.keys import KEYED_IF_GIVEN
from fusion.runs.stages.runtime import Runtime, Stage
from fusion.training.elsewhere.lists import ListsElsewhere
from fusion.training.source_fits import SourceFit, load_sources

BY_CONTENT = {
    "rules": None,
    "new_items": AUTO,
    "placement": ListSettings().placement,
    "cold_users": MOST_COLD_USERS,
}
"""Settings in the key of the stage, whatever the lists' own: other inputs say them, or none."""


@dataclass(frozen=True)
class ServedMethod:
    """The method that lists are made by.

    Attributes:
        name: "ranker", "blend" or the name of a source.
        ranker: folder of the ranker that serves; None where another method was chosen.
        twin: folder of its twin.
    """

    name: str
    ranker: Path | None = None
    twin: Path | None = None

    @property
    def rankers(self) -> list[Path]:
        """Folders of the ranker and its twin, as far as there are any."""
        return [folder for folder in (self.ranker, self.twin) if folder]

    def load(self, threads: int) -> Method:
        """Load it, to score.

        Args:
            threads: to score on, which change no bit.
        """
        return Method(self.name, *(Ranker.load(folder, threads) for folder in self.rankers))


@dataclass(frozen=True)
class ListsInputs:
    """All that decides the lists.

    Attributes:
        data: what was trained on.
        serving: the fold of everything, for which lists are made.
        verdict: the fold of which users are sampled.
        split: kind of the folds.
        sources: fitted on the serving fold.
        method: by which lists are made.
        table: folder of the verdict fold's table.
        lists: settings, but for `BY_CONTENT`.
        rules: what lists follow, with all limits of exposure as of the serving fold; None without.
        sparse: known interactions below which a user is sparse.
        seed: of the run.
        device: "cpu" or "cuda", for text vectors of rules.
        live: lists that are shown now; None without any, and where lists are made anew.
        attributes: how far attributes of users without a history are believed; None where the
            fallback serves these.
    """

    data: Dataset
    serving: Fold
    verdict: Fold
    split: Kind
    sources: tuple[SourceFit, ...]
    method: ServedMethod
    table: Path
    lists: ListSettings
    rules: Rules | None
    sparse: int
    seed: int
    device: str
    live: LiveLists | None = None
    attributes: MapSettings | None = field(default=None, metadata={KEYED_IF_GIVEN: True})

    @classmethod
    def of(
        cls,
        context: RunContext,
        sources: tuple[SourceFit, ...],
        method: ServedMethod,
        table: Path,
        rules: Rules | None,
        live: LiveLists | None,
    ) -> "ListsInputs":
        """Return the inputs of a training's lists.

        Args:
            context: of the training.
            sources: fitted on the serving fold.
            method: by which lists are made.
            table: folder of the verdict fold's table.
            rules: that lists follow, as `exposure_limits` gives them; None without any.
            live: lists that are shown now; None without any.
        """
        config, plan = context.config, context.plan
        return cls(
            data=context.data,
            serving=plan.serving,
            verdict=plan.verdict,
            split=plan.kind,
            sources=sources,
            method=method,
            table=table,
            # The rules count by their content, wherever their file is and whatever it is called.
            # So does what is asked of new items, which is among them. The same lists are made once,
            # wherever they are shown.
            lists=config.lists.model_copy(update=BY_CONTENT),
            rules=rules,
            sparse=config.split.sparse,
            seed=config.seed,
            device=context.device,
            live=live if config.lists.stickiness else None,
        )


def lists_stage(inputs: ListsInputs) -> Stage[ListsInputs]:
    """Return the stage that makes every user's list.

    Args:
        inputs: of the stage.
    """
    return Stage("lists", "lists", inputs, make_lists)


def make_lists(folder: Path, inputs: ListsInputs, runtime: Runtime) -> None:
    """Write the lists, and features of a sample of users as served and as they were.

    Args:
        folder: empty.
        inputs: of the stage.
        runtime: the means.
    """
    context = declared_context(inputs, runtime)
    sources = load_sources(inputs.sources, runtime)
    method = inputs.method.load(runtime.threads)
    files = ListsFolder(folder)
    terms = ListTerms(inputs.rules, inputs.live, inputs.attributes)
    elsewhere = None
    if runtime.handover is not None:
        elsewhere = ListsElsewhere(
            folder, context, inputs.sources, sources, inputs.method.rankers, runtime
        )
    write_lists(files, context, sources, method, terms, elsewhere)
    before = _features_before(TableFolder(inputs.table), feature_sample(context))
    before.write_parquet(files.features_before)


def declared_context(inputs: ListsInputs, runtime: Runtime) -> RunContext:
    """Return a context that knows the declared inputs alone: all other settings are defaults.

    Args:
        inputs: of the stage.
        runtime: the means.
    """
    config = CoreConfig(
        seed=inputs.seed,
        threads=runtime.threads,
        memory=runtime.memory,
        split=SplitSettings(sparse=inputs.sparse),
        lists=inputs.lists,
    )
    plan = Plan(
        kind=inputs.split,
        window=None,
        why="",
        tune=inputs.verdict,
        labels=(),  # not declared, so not there
        verdict=inputs.verdict,
        serving=inputs.serving,
    )
    return RunContext(
        config=config,
        data=inputs.data,
        plan=plan,
        root=runtime.store.root.parent,
        device=inputs.device,
        step=runtime.step,
        progress=runtime.progress,
        used=runtime.store.used,
    )


def _features_before(table: TableFolder, users: Rows) -> pl.DataFrame:
    """Features of some users in the verdict fold's table, with the column that monitoring drops."""
    sample = pl.Series(users)
    rows = pl.scan_parquet(table.candidates).filter(pl.col("user").is_in(sample.implode()))
    return rows.rename({"user": USER_ROW}).drop(KEYS, strict=False).collect()
