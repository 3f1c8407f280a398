"""A dataset comes back from its folder as it was, and nothing written into it reaches the files."""

from dataclasses import fields, replace

import numpy as np
import polars as pl
import pytest

from fusion.data.dataset import Dataset
from fusion.data.facts import SCHEMA, ItemFacts
from fusion.data.on_disk import dataset_folder
from fusion.data.on_disk.dataset_folder import open_dataset, write_dataset
from fusion.data.priors import ItemPrior
from fusion.data.queries.user_queries import UserQueries
from fusion.testing.data import mixed_data

ROWS = [(0, "actor", "Lee", None), (0, "director", "Lee", 5), (2, "actor", "Lee", 7)]


def full_data() -> Dataset:
    """Data with all that a dataset may have."""
    data = mixed_data()
    flags = np.arange(data.n_items) % 2 == 0
    return replace(
        data,
        vectors={"pictures": np.eye(30, 4, dtype=np.float32), "声音": np.ones((30, 2), np.float32)},
        user_vectors={"faces": np.eye(data.n_users, 3, dtype=np.float32)},
        facts=ItemFacts(pl.DataFrame(ROWS, schema=SCHEMA, orient="row"), ("actor", "director")),
        queries=UserQueries(
            users=np.array([0, 0, 3], np.int32),
            times=np.array([10, 20, 5]),
            texts=np.array([1, 0, 1], np.int32),
            words=pl.Series("text", ["blue", "红"]),
            encoder="of a test",
            vectors=np.eye(2, dtype=np.float32),
            item_vectors=np.ones((30, 2), np.float32),
        ),
        priors=(ItemPrior("no/sequels", flags, ~flags), ItemPrior("second", ~flags, flags)),
    )


@pytest.mark.parametrize("data", [mixed_data(), full_data(), full_data().before(0)])
def test_a_dataset_comes_back(data, tmp_path):
    write_dataset(tmp_path, data)
    again = open_dataset(tmp_path)
    assert again.digest == data.digest
    assert (again.has_weights, again.capabilities) == (data.has_weights, data.capabilities)
    assert (again.timezone, [*again.vectors]) == (data.timezone, [*data.vectors])
    assert [*again.user_vectors] == [*data.user_vectors]
    assert again.facts.relations == data.facts.relations
    assert again.queries.digest == data.queries.digest
    assert again.queries.encoder == data.queries.encoder
    for name in dataset_folder.QUERIES:
        np.testing.assert_array_equal(getattr(again.queries, name), getattr(data.queries, name))
    for mine, theirs in zip(again.priors, data.priors, strict=True):
        assert mine.name == theirs.name
        assert mine.in_history.tolist() == theirs.in_history.tolist()
        assert mine.concerned.tolist() == theirs.concerned.tolist()


def test_what_is_written_into_it_stays_in_the_process(tmp_path):
    data = mixed_data()
    write_dataset(tmp_path, data)
    again = open_dataset(tmp_path)
    again.items[0] += 1
    assert open_dataset(tmp_path).digest == data.digest


def test_its_arrays_are_mapped_and_not_copied(tmp_path):
    write_dataset(tmp_path, mixed_data())
    again = open_dataset(tmp_path)
    for name in dataset_folder.COLUMNS:
        base = getattr(again, name).base
        assert isinstance(base, np.memmap), name


def test_nothing_that_a_dataset_has_is_forgotten():
    """A new field has to reach the files too."""
    named = {*dataset_folder.COLUMNS, *dataset_folder.IDS}
    named |= {*dataset_folder.TABLES, *dataset_folder.PLAIN}
    # Files of their own: one a set of vectors or a prior, and a table with its relations' names.
    of_files = {*dataset_folder.VECTORS, "facts", "priors", "queries"}
    assert {field.name for field in fields(Dataset)} == named | of_files
    of_queries = {field.name for field in fields(UserQueries)}
    assert of_queries == {*dataset_folder.QUERIES, "words", "encoder"}


def test_a_folder_that_is_not_whole_is_none(tmp_path):
    write_dataset(tmp_path, mixed_data())
    (tmp_path / dataset_folder.REST).unlink()
    with pytest.raises(FileNotFoundError):
        open_dataset(tmp_path)
