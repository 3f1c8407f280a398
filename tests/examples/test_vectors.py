"""Pictures and sounds become vectors, by which items of a kind are told from others, and lists."""

from importlib import import_module
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from flows.session import Session
from fusion import fit_fusion
from fusion.ingest.load import load
from tests.fusion.making import config

FOLDER = Path(__file__).parents[2] / "examples" / "vectors"
N_KINDS, N_ITEMS = 12, 60


@pytest.fixture(params=["posters", "tones"])
def shop(request, tmp_path, monkeypatch):
    """The files that an example writes of sixty items, and the data that they are."""
    if request.param == "posters":
        pytest.importorskip("PIL")
    monkeypatch.syspath_prepend(str(FOLDER))
    import_module(request.param).main(tmp_path, N_ITEMS)
    session = Session.open(tmp_path / "fusion.toml")
    loaded = load(session.config.data, session.base)
    return request.param, loaded


def test_items_of_a_kind_look_or_sound_alike(shop):
    name, loaded = shop
    assert loaded.findings == []
    vectors = loaded.dataset.vectors[name]
    kinds = loaded.dataset.item_ids.values.cast(pl.Int64).to_numpy() % N_KINDS
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -1)
    same_kind = kinds[likeness.argmax(axis=1)] == kinds
    assert same_kind.mean() > 0.9


def test_a_training_takes_the_vectors_in(shop, tmp_path):
    name, loaded = shop
    fused = fit_fusion(loaded.dataset, config(("popularity", "item_knn")), tmp_path / "runs")
    features = pl.read_parquet(fused.trained.lists / "features.parquet")
    assert features[f"vectors_{name}_cosine"].count() > 0
    assert fused.trained.importance[f"vectors_{name}_cosine"] > 0
