import numpy as np
import polars as pl
import pytest

from flows.steps.train import row_export as lists
from flows.steps.train.row_export import explanation_rows, list_blocks
from fusion.models.base.registry import known
from fusion.runs.manifest_file import as_summed_text, read_manifest


@pytest.mark.parametrize(("block", "per_pass"), [(5_000, 100_000), (2, 4), (1, 1), (3, 7)])
def test_lists_come_whole_in_the_order_of_the_key(tmp_path, monkeypatch, block, per_pass):
    """However users are numbered, wherever a pass or a block ends; users without a list are out."""
    monkeypatch.setattr(lists, "BLOCK_USERS", block)
    monkeypatch.setattr(lists, "PASS_USERS", per_pass)
    users = ["10", "9", "é", "Z", "a", "", "b c", "1", "推"]
    listed = np.array([8, 2, 0, 3, 1, 7, 5], np.int32)
    (tmp_path / "ids").mkdir()
    pl.DataFrame({"user_id": users}).write_parquet(tmp_path / "ids" / "users.parquet")
    pl.DataFrame({"item_id": [f"i{n}" for n in range(30)]}).write_parquet(
        tmp_path / "ids" / "items.parquet"
    )
    rows = pl.DataFrame(
        {"user": listed.repeat(3), "rank": np.tile([1, 2, 3], len(listed)).astype(np.int32)}
    )
    rows = rows.with_columns(
        item=pl.col("user") * 3 + pl.col("rank"), score=1 / pl.col("rank").cast(pl.Float32)
    )
    rows.write_parquet(tmp_path / "lists.parquet", row_group_size=6)
    blocks = [one for one in list_blocks(tmp_path) if len(one)]
    assert all(one["user_id"].n_unique() <= block and len(one) % 3 == 0 for one in blocks)
    found = pl.concat(blocks)
    wanted = sorted(
        (users[user], rank, f"i{user * 3 + rank}") for user in listed for rank in (1, 2, 3)
    )
    assert found.select("user_id", "rank", "item_id").rows() == wanted
    assert found["probability"].to_list() == [1.0] * len(wanted)


def test_users_who_were_not_explained_have_the_sentence_of_their_best_source(own_shop):
    """A source without a sentence of its own is named by its name in the configuration."""
    file = next((own_shop / "runs").glob("*/why.parquet"))
    why = pl.read_parquet(file)
    why.clear().write_parquet(file)
    manifest = read_manifest(file.parent)
    sentences = {source["name"]: source["reason_text"] for source in manifest["sources"]}
    assert sentences == {name: known()[name].reason_text for name in sentences}
    for source in manifest["sources"]:
        if source["name"] == "ease":
            source["reason_text"] = ""
    (file.parent / "manifest.json").write_text(as_summed_text(manifest))
    rows = explanation_rows(file.parent, size=5)
    by_source = rows.select("source", "reason").unique().sort("source").rows()
    assert ("ease", "ease speaks for it") in by_source
    for source, reason in by_source:
        if source != "ease":
            assert reason == sentences[source]
    assert rows["source_rank"].null_count() == 0
