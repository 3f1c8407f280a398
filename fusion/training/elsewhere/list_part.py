"""The lists of some users in another process."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from fusion.config import ListSettings
from fusion.core.arrays import State
from fusion.core.parallel import BlockBudget
from fusion.core.progress import Progress
from fusion.data.dataset import Dataset
from fusion.data.on_disk.dataset_folder import mapped_array, open_dataset
from fusion.data.on_disk.growing_file import GrowingFile
from fusion.data.splitting.fold import SERVING, Fold
from fusion.lists.builder import ListBuilder
from fusion.lists.candidate_blocks import BlockMeans, serving_blocks
from fusion.lists.exposure.prices import Price, Prices
from fusion.lists.first_places import PlacesCollector
from fusion.lists.live_lists import LiveLists
from fusion.lists.samples import SampleCollector
from fusion.lists.stickiness import Stickiness
from fusion.lists.warm_lists import WarmLists, make_explainer
from fusion.models.base.fitted import FittedSource
from fusion.models.foreign.files import read_arrays
from fusion.ranking.features.item_statistics import ItemStatistics
from fusion.ranking.method import Method
from fusion.ranking.ranker import Ranker
from fusion.runs.context import RunContext
from fusion.runs.run_folder import ListsFolder
from fusion.runs.stages.runtime import Runtime
from fusion.training.elsewhere.fitted import open_sources
from fusion.training.elsewhere.opened_data import opened_data
from fusion.training.elsewhere.rules import open_rules
from fusion.training.elsewhere.worker_runtime import worker_runtime
from fusion.training.lists_stage import ListsInputs, ServedMethod, declared_context


def make_handed_part(progress: Progress, folder: Path, handed: Mapping[str, Any]) -> None:
    """Make the lists of users that were handed over.

    Args:
        progress: of the users.
        folder: empty.
        handed: the arguments of a part.
    """
    arrays, files = read_arrays(Path(handed["users"])), ListsFolder(folder)
    users = arrays["rows"]
    with worker_runtime(handed["means"], progress) as runtime:
        opened = opened_data(handed["known"])
        context = _context(handed, opened.known, runtime)
        sources = open_sources(handed["sources"])
        warm = _warm_lists(handed, context, sources, opened.statistics, arrays)
        budget = BlockBudget(handed["block_bytes"], runtime.threads)
        means = BlockMeans(budget, opened.statistics)
        blocks = serving_blocks(context, sources, users, warm.builder.rules, means)
        with GrowingFile(files.lists) as file:
            for n_done in warm.write(file, blocks):
                progress(n_done, len(users))
        warm.write_kept(files)


def _context(handed: Mapping[str, Any], known: Dataset, runtime: Runtime) -> RunContext:
    """Return the context of the lists, with what is handed over alone."""
    none, as_of = np.empty(0, np.int32), mapped_array(Path(handed["as_of"]))
    serving = Fold(SERVING, known, as_of, handed["cut"], none, none)
    same = handed["data"] == handed["known"]
    inputs = ListsInputs(
        data=known if same else open_dataset(Path(handed["data"])),
        serving=serving,
        verdict=serving,  # of which only samples are drawn, which are handed over
        split=handed["split"],
        sources=(),
        method=ServedMethod(handed["method"]),
        table=runtime.store.root,
        lists=ListSettings(**handed["lists"]),
        rules=None,
        sparse=handed["sparse"],
        seed=handed["seed"],
        device=handed["device"],
    )
    return declared_context(inputs, runtime)


def _warm_lists(
    handed: Mapping[str, Any],
    context: RunContext,
    sources: list[FittedSource],
    statistics: ItemStatistics,
    arrays: State,
) -> WarmLists:
    """Return what makes lists, as the training has it."""
    method = Method(
        handed["method"],
        *(Ranker.load(Path(folder), context.threads) for folder in handed["rankers"]),
    )
    rules = open_rules(handed["rules"], context.data, context.config.lists.size)
    builder = ListBuilder.of(context, rules)
    if handed["new_items"] is not None:
        builder = replace(builder, new_items=mapped_array(Path(handed["new_items"])))
    if rules and handed["prices"]:
        values = tuple(Price(**price) for price in handed["prices"])
        builder = replace(builder, prices=Prices(rules.exposure, values))
    sticky = Stickiness(LiveLists(arrays["live_users"], arrays["live_items"]), handed["margin"])
    return WarmLists(
        method=method,
        builder=builder,
        sticky=sticky,
        explainer=make_explainer(context, sources, method, handed["explained_of"], statistics),
        samples=SampleCollector(arrays["sampled"], method, builder, sticky),
        places=PlacesCollector(arrays["placed"], context.config.lists.size),
    )
