"""The dense top of the universal encoder: computed from pooled numbers, and changed by LoRA."""

import numpy as np
import pytest
import torch

from fusion.core.extras import is_installed
from fusion.models.adaptation import methods
from fusion.models.adaptation.settings import Schedule
from fusion.models.adaptation.vector_models import DenseTop
from fusion.models.content import Content, ContentConfig
from fusion.models.text.cached_encoding import EncodingOptions
from fusion.models.text.universal_encoder import PACKAGE, UniversalEncoder
from fusion.models.text.universal_pooling import PooledEncoder, pooled_texts, top_weights
from tests.fusion.models.adaptation.worlds import share_of_own_kind, shop
from tests.fusion.models.planted import context, everyone

pytestmark = pytest.mark.skipif(not is_installed("text"), reason="needs the extra text")
TEXTS = ["", "tea", "绿茶来自山里", "a red dress for the summer", "long " * 900, "tea"]


def top(pooled):
    mean = np.zeros(512, np.float32)
    return DenseTop(pooled, top_weights(), mean, torch.Generator().manual_seed(0))


def test_an_unchanged_top_gives_the_vectors_of_the_encoder():
    pooled = pooled_texts(TEXTS, EncodingOptions())
    assert pooled.shape == (6, 1281)
    whole = UniversalEncoder().encode(TEXTS)
    cosines = (top(pooled).all_vectors() * whole).sum(axis=1)
    # The cache keeps half precision.
    assert cosines.min() > 0.99999


def test_pooled_numbers_are_cached_under_a_key_of_their_own(tmp_path):
    options = EncodingOptions(cache=tmp_path)
    first = pooled_texts(TEXTS, options)
    pooled, whole = PooledEncoder(UniversalEncoder()), UniversalEncoder()
    assert [folder.name for folder in tmp_path.iterdir()] == [pooled.identity]
    assert pooled.identity != whole.identity
    assert np.array_equal(pooled_texts(TEXTS[::-1], options), first[::-1])


def test_only_the_changes_are_trained():
    model = top(pooled_texts(TEXTS, EncodingOptions()))
    before = {name: values.clone() for name, values in model.named_buffers()}
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    model(torch.arange(6))[:, 0].sum().backward()
    optimizer.step()
    assert all(torch.equal(values, before[name]) for name, values in model.named_buffers())
    layers = [values.shape for values in top_weights().values() if values.ndim == 2]
    assert model.n_trained == sum(8 * (n_in + n_out) for n_in, n_out in layers) == 54_272


def test_lora_learns_what_people_choose_by(monkeypatch):
    few = Schedule(learning_rate=3e-3, batch=128, most=30, check=10, patience=2)
    monkeypatch.setattr(methods, "DENSE_TOP", few)
    data = shop(follows_kind=True)
    frozen, tuned, again = (
        Content(ContentConfig(encoder=PACKAGE, tune=tune, last=2)).fit(data, context())
        for tune in ("none", "lora", "lora")
    )
    users = everyone(data)
    before, after = (share_of_own_kind(model.scores(users)) for model in (frozen, tuned))
    assert after > before + 0.1
    assert tuned.notes["tune"] == "lora"
    assert tuned.notes["trained_numbers"] == 54_272
    assert tuned.notes["encoder_numbers"] > 60_000_000
    assert np.array_equal(tuned.vectors_, again.vectors_)


def test_without_layers_the_adapter_takes_their_place(monkeypatch):
    few = Schedule(learning_rate=1e-2, batch=128, most=4, check=2, patience=2)
    monkeypatch.setattr(methods, "ADAPTER", few)
    config = ContentConfig(encoder="tfidf", tune="lora", last=2)
    model = Content(config).fit(shop(follows_kind=True), context())
    assert model.notes["tune"] == "adapter"
    assert model.notes["tune_why"] == "tfidf has no layers that lora could change"
