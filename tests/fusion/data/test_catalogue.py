"""What a run keeps of its items."""

import numpy as np

from fusion.core.arrays import DAY
from fusion.data.catalogue import Catalogue
from tests.fusion.making import START, dataset, frame_of, synthetic_dataset


def test_a_catalogue_comes_back_from_its_file_and_knows_what_may_be_listed(tmp_path):
    data = synthetic_dataset()
    is_open = np.arange(data.n_items) % 4 > 0
    catalogue = Catalogue.of(data, is_open)
    catalogue.write(tmp_path / "catalogue.parquet")
    read = Catalogue.read(tmp_path / "catalogue.parquet")
    assert read.table.equals(catalogue.table)
    for day in (10, 40, 70):
        time = START + day * DAY
        assert (read.listable(time) == (data.listable(time) & is_open)).all()


def test_a_description_is_the_text_and_the_categories_after_it():
    data = synthetic_dataset()
    rows, descriptions = Catalogue.of(data).descriptions
    described = dict(zip(rows.tolist(), descriptions, strict=True))
    table = data.item_table
    for row in range(data.n_items):
        text, categories = table["text"][row], table["genres"][row]
        names = ", ".join(categories) if categories is not None else ""
        assert described.get(row, "") == ". ".join(part for part in (text, names) if part)


def test_items_of_interactions_alone_have_no_words():
    data = dataset(frame_of([("u", "a", 1), ("v", "b", 2)]))
    catalogue = Catalogue.of(data)
    assert len(catalogue) == 2
    assert catalogue.descriptions[1] == []
    assert catalogue.listable(START).all()
