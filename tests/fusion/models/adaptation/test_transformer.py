"""LoRA of a model of sentence-transformers, on a tiny one with weights that nobody trained."""

import numpy as np
import pytest
import torch

from fusion.core.extras import is_installed
from fusion.errors import ConfigError
from fusion.models.adaptation import transformer
from fusion.models.adaptation.settings import Schedule, extra_of
from fusion.models.adaptation.transformer import transformer_lora
from fusion.models.content import Content, ContentConfig
from fusion.models.text.sentence_model import SentenceModel
from tests.fusion.models.adaptation.worlds import shop
from tests.fusion.models.planted import context
from tests.fusion.models.text.test_sentence_model import tiny, variant  # noqa: F401 - a fixture

needs_peft = pytest.mark.skipif(not is_installed("finetune"), reason="needs the extra finetune")
TEXTS = ["a red dress", "green tea from the mountains", "a novel"]


@pytest.fixture
def folder(tiny, tmp_path):  # noqa: F811 - the fixture
    return variant(tiny, tmp_path / "multilingual-e5-tiny")


def prepared(folder):
    return transformer_lora(str(folder), TEXTS, np.zeros(32, np.float32), "cpu")


@needs_peft
def test_an_unchanged_model_gives_its_frozen_vectors_and_only_changes_are_trained(folder):
    model = prepared(folder)(torch.Generator().manual_seed(0))
    np.testing.assert_allclose(model.all_vectors(), SentenceModel(folder).encode(TEXTS), atol=1e-5)
    trained = [name for name, weights in model.named_parameters() if weights.requires_grad]
    assert trained
    assert all("lora_" in name for name in trained)
    assert 0 < model.n_trained < SentenceModel(folder).n_numbers() / 10


@needs_peft
def test_it_trains_and_repeats_to_the_bit(folder, monkeypatch):
    few = Schedule(learning_rate=1e-2, batch=16, most=2, check=1, patience=2)
    monkeypatch.setattr(transformer, "TRANSFORMER", few)
    data = shop(follows_kind=True, users=60)
    torch.manual_seed(5)
    before = torch.get_rng_state()
    config = ContentConfig(encoder=str(folder), tune="lora", last=2)
    one, two = (Content(config).fit(data, context()) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before)
    assert one.notes["tune"] == "lora"
    assert np.array_equal(one.vectors_, two.vectors_)
    frozen = Content(config.model_copy(update={"tune": "none"})).fit(data, context())
    assert not np.allclose(one.vectors_, frozen.vectors_, atol=1e-3)


def test_a_large_model_is_not_trained_on_a_cpu(folder, monkeypatch):
    monkeypatch.setattr(transformer, "require_extras", lambda *_: None)
    monkeypatch.setattr(transformer, "CPU_NUMBERS", 1000)
    with pytest.raises(ConfigError, match=r"on a CPU: it has .* Use a GPU, tune = 'adapter'"):
        prepared(folder)


def test_each_setting_names_its_extra():
    assert extra_of("none", "some/model") == ""
    assert extra_of("adapter", "some/model") == "neural"
    assert extra_of("lora", "auto") == "neural"
    assert extra_of("lora", "tfidf") == "neural"
    assert extra_of("lora", "some/model") == "finetune"
