"""Write the files of a run folder but its manifest, once, from what a training made."""

import shutil
from pathlib import Path

import polars as pl

from fusion.config import CoreConfig
from fusion.core.arrays import Flags
from fusion.data.catalogue import Catalogue
from fusion.data.dataset import Dataset
from fusion.data.splitting.fold import Plan
from fusion.runs.monitoring_samples import sampled_days, write_samples
from fusion.runs.run_folder import IN_FILE, ListsFolder, RunFolder
from fusion.runs.stages.record import RECORD
from fusion.runs.stages.store import INPUTS

UNTIL = "available_until"
"""Column of the item table that says until when (ms) an item may be shown."""


def write_run_files(
    run: RunFolder,
    data: Dataset,
    plan: Plan,
    lists: ListsFolder,
    ranker: Path | None,
    config: CoreConfig,
) -> None:
    """Write ids, items, lists, ranker and monitoring samples of a run.

    Files of stages are copied, not linked: a stage is shared by later runs under the promise that
    it never changes, while the files of a run are its owner's, who may open one and save it in
    place. Pruning also counts the bytes of each as its own.

    Args:
        run: the draft to fill.
        data: what was trained on.
        plan: its folds; samples show the data now and at the verdict's cut.
        lists: what the stage of lists made.
        ranker: folder of the serving ranker; None where another method was chosen.
        config: of the training: the seed of the draw of samples, and the days that they tell of.
    """
    write_ids(run, data)
    write_items(run.path, data)
    run.monitor.mkdir()
    copies = {
        lists.lists: run.lists,
        lists.served: run.served,
        lists.fallback: run.fallback,
        lists.why: run.why,
        lists.features: run.features,
        lists.features_before: run.features_before,
        lists.twin: run.twin,
    }
    for source, target in copies.items():
        shutil.copyfile(source, target)
    if ranker:
        # Its inputs and checksums are the store's business: the manifest has hashes of its own.
        shutil.copytree(ranker, run.ranker, ignore=shutil.ignore_patterns(INPUTS, RECORD))
    # What folds know, not the data itself: a random split puts times aside.
    days = sampled_days(plan, config.split)
    write_samples(run.samples_now, plan.serving.known, days, config.seed)
    write_samples(run.samples_before, plan.verdict.known, days, config.seed)


def write_ids(run: RunFolder, data: Dataset) -> None:
    """Write the outside ids of users and items, in the order of their row numbers.

    Args:
        run: the draft to fill.
        data: what was trained on.
    """
    run.ids.mkdir()
    data.user_ids.values.to_frame("user_id").write_parquet(run.user_ids)
    items = data.item_ids.values.to_frame("item_id")
    if data.item_table.width:
        # Items of interactions alone have no value in any column.
        in_file = data.item_table.select(pl.any_horizontal(pl.all().is_not_null()))
        items = items.with_columns(in_file.to_series().alias(IN_FILE))
    items.write_parquet(run.item_ids)


def write_catalogue(run: RunFolder, data: Dataset, is_open: Flags | None) -> None:
    """Write what lists made on request must know of items.

    Args:
        run: the draft to fill.
        data: what was trained on.
        is_open: (I,) items that rules leave to somebody; None without rules.
    """
    Catalogue.of(data, is_open).write(run.catalogue)


def write_items(folder: Path, data: Dataset) -> None:
    """Write titles of items, and the ends of their availability, where the data has them.

    Args:
        folder: a run folder.
        data: what was trained on.
    """
    run = RunFolder(folder)
    table, ids = data.item_table, data.item_ids.values.alias("item_id")
    if "text" in table.columns:
        titles = table["text"].alias("title")
        pl.DataFrame([ids, titles]).write_parquet(run.titles)
    if UNTIL in table.columns:
        ends = table[UNTIL].cast(pl.Datetime("ms", "UTC"))
        pl.DataFrame([ids, ends]).drop_nulls().write_parquet(run.windows)
