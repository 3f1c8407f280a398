"""The files of a run folder: each has a name in `RunFolder`, and no other is written."""

import polars as pl

from fusion.ranking.ranker import Ranker
from fusion.runs.monitoring_samples import SUBJECTS
from fusion.runs.run_folder import ListsFolder, RunFolder
from fusion.runs.write_run import write_run_files


def test_every_file_has_a_name_and_every_name_a_file(done, tmp_path):
    context, trained = done
    run, lists = RunFolder(tmp_path), ListsFolder(trained.lists)
    ranker = context.root / "store" / "ranker"
    [ranker_folder] = ranker.iterdir()
    write_run_files(run, context.data, context.plan, lists, ranker_folder, context.config)
    of_lists = {run.lists, run.served, run.fallback, run.why}
    of_monitoring = {run.features, run.features_before, run.twin}
    of_data = {run.user_ids, run.item_ids, run.titles, run.windows}
    samples = {
        folder / f"{subject}.parquet"
        for folder in (run.samples_now, run.samples_before)
        for subject in SUBJECTS
    }
    assert set(tmp_path.rglob("*.parquet")) == of_lists | of_monitoring | of_data | samples
    assert Ranker.load(run.ranker).columns == Ranker.load(ranker_folder).columns
    assert not (run.ranker / "inputs.json").exists()
    assert pl.read_parquet(run.lists).equals(pl.read_parquet(lists.lists))
    assert (
        pl.read_parquet(run.user_ids)["user_id"].to_list() == context.data.user_ids.values.to_list()
    )
    named = pl.read_parquet(run.item_ids)
    assert named["item_id"].to_list() == context.data.item_ids.values.to_list()
    assert named["in_file"].any()


def test_without_a_ranker_there_is_no_folder_of_it(done, tmp_path):
    context, trained = done
    run, lists = RunFolder(tmp_path), ListsFolder(trained.lists)
    write_run_files(run, context.data, context.plan, lists, None, context.config)
    assert not run.ranker.exists()
