"""Models of sentence-transformers: their own pooling, and the prefix they were trained with."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from fusion.models.text.model_folders import bundled_model, required_prefix
from fusion.models.text.sentence_model import SentenceModel

TEXTS = ["a red dress", "green tea from the mountains", "a novel"]
POOLINGS = {"mean": "pooling_mode_mean_tokens", "cls": "pooling_mode_cls_token"}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A model of two small layers, with weights that nobody trained and MiniLM's vocabulary."""
    import torch
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("models") / "tiny"
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    torch.manual_seed(0)
    BertModel(BertConfig(intermediate_size=64, **shape)).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "modules.json"):
        if (bundled_model() / name).exists():
            shutil.copy(bundled_model() / name, folder)
    modules = json.loads((folder / "modules.json").read_text())
    (folder / "modules.json").write_text(json.dumps(modules[:2]))
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 64}')
    (folder / "1_Pooling").mkdir()
    return folder


def variant(tiny: Path, folder: Path, pooling: str = "mean", prompt: str | None = None) -> Path:
    shutil.copytree(tiny, folder)
    modes = {mode: name == pooling for name, mode in POOLINGS.items()}
    settings = {"word_embedding_dimension": 32, **modes}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(settings))
    if prompt is not None:
        prompts = {"prompts": {"item": prompt}, "default_prompt_name": "item"}
        (folder / "config_sentence_transformers.json").write_text(json.dumps(prompts))
    return folder


def test_pooling_is_the_models_own(tiny, tmp_path):
    mean = SentenceModel(variant(tiny, tmp_path / "mean", "mean"))
    cls = SentenceModel(variant(tiny, tmp_path / "cls", "cls"))
    assert mean.identity != cls.identity
    assert not np.allclose(mean.encode(TEXTS), cls.encode(TEXTS), atol=1e-3)


def test_e5_reads_its_prefix_and_a_prompt_of_the_model_counts_before_it(tiny, tmp_path):
    plain = SentenceModel(variant(tiny, tmp_path / "plain"))
    e5 = SentenceModel(variant(tiny, tmp_path / "multilingual-e5-tiny"))
    prompted = SentenceModel(variant(tiny, tmp_path / "e5-tiny", prompt="title: "))
    assert len({model.identity for model in (plain, e5, prompted)}) == 3
    expected = {"query: ": e5, "title: ": prompted}
    for prefix, model in expected.items():
        with_prefix = plain.encode([prefix + text for text in TEXTS])
        assert np.array_equal(model.encode(TEXTS), with_prefix)
        assert not np.array_equal(model.encode(TEXTS), plain.encode(TEXTS))


@pytest.mark.parametrize(
    ("folder", "prefix"),
    [
        ("hub/models--intfloat--multilingual-e5-small/snapshots/ab12", "query: "),
        ("e5-base-v2", "query: "),
        ("multilingual-e5-large-instruct", ""),
        ("all-MiniLM-L6-v2", ""),
        ("model-e55", ""),
    ],
)
def test_a_family_is_known_by_its_name(folder, prefix):
    assert required_prefix(Path(folder)) == prefix
