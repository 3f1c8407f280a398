"""Columns about sources: stored names and objects are one to one, whatever a source is called."""

import pytest

from fusion.config import RESERVED
from fusion.ranking.features.registry import FEATURES
from fusion.ranking.features.source_columns import (
    ColumnKind,
    SourceColumn,
    columns_of_kind,
    source_column,
)


@pytest.mark.parametrize("kind", ColumnKind)
@pytest.mark.parametrize("source", ["als", "item_knn", "my_z", "als_rank", "rank"])
def test_the_stored_name_gives_the_column_back(source, kind):
    column = SourceColumn(source, kind)
    assert column.name == f"{source}_{kind.value}"
    assert source_column(column.name) == column


def test_stored_names_keep_their_endings():
    names = [SourceColumn("als", kind).name for kind in ColumnKind]
    assert names == ["als_rank", "als_rr", "als_z", "als_proposed", "als_near"]


@pytest.mark.parametrize("name", ["best_rank", "proposed_by", "blend", "user", "z", "_z", "als_Z"])
def test_anything_else_is_about_no_source(name):
    assert source_column(name) is None


def test_no_source_may_have_a_column_that_is_a_feature_already():
    kinds = set(ColumnKind)
    parts = [feature.name.rpartition("_") for feature in FEATURES]
    assert {name for name, _, ending in parts if ending in kinds} == {"best"}
    assert "best" in RESERVED


def test_columns_of_a_kind_are_given_by_source_in_their_order():
    names = ("item_knn_z", "best_rank", "als_rank", "als_z", "ease_proposed")
    assert columns_of_kind(names, ColumnKind.Z_SCORE) == {"item_knn": 0, "als": 3}
    assert columns_of_kind(names, ColumnKind.RANK) == {"als": 2}
    assert columns_of_kind(names, ColumnKind.SIMILARITY) == {}
