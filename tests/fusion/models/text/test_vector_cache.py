"""The cache of text vectors: the same bits with and without it, whoever writes, whatever breaks."""

import logging
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier

import numpy as np
import pytest

from fusion.models.text.cached_encoding import EncodingOptions, encode_cached
from fusion.models.text.universal_encoder import UniversalEncoder
from fusion.models.text.vector_cache import VectorCache, text_key
from tests.fusion.models.text.test_encoders import ENGLISH


@pytest.fixture(scope="module")
def model():
    return UniversalEncoder()


@pytest.fixture(scope="module")
def fresh(model):
    return encode_cached(model, ENGLISH)


def keys_of(texts):
    return [text_key(text) for text in texts]


def test_cache_hit_equals_miss_bit_for_bit(model, fresh, tmp_path, caplog):
    how = EncodingOptions(cache=tmp_path)
    encode_cached(model, ENGLISH[:4], how)
    with caplog.at_level(logging.INFO):
        mixed = encode_cached(model, ENGLISH, how)
        cached = encode_cached(model, ENGLISH[::-1], how)
    assert "encoded texts=5 from_cache=4" in caplog.text
    assert "encoded texts=0 from_cache=9" in caplog.text
    assert np.array_equal(mixed, fresh)
    assert np.array_equal(cached[::-1], fresh)
    assert {path.name for path in (tmp_path / model.identity).iterdir()} == {
        "keys.bin",
        "lock",
        "vectors-512.bin",
    }


def test_rounding_to_half_precision_moves_no_cosine_by_more_than_a_thousandth(model, fresh):
    exact = model.encode(ENGLISH)
    assert np.abs(exact @ exact.T - fresh @ fresh.T).max() < 1e-3


class SpyModel:
    """The encoder with notes of its texts; two first callers meet, one may fail."""

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


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr("fusion.models.text.cached_encoding.CHUNK", 3)


def by_two_threads(model, how):
    with ThreadPoolExecutor(2) as threads:
        return [threads.submit(encode_cached, model, ENGLISH, how) for _ in range(2)]


@pytest.mark.usefixtures("small_chunks")
def test_threads_that_want_the_same_texts_encode_each_once(model, fresh, tmp_path):
    spy = SpyModel(model)
    one, other = (done.result() for done in by_two_threads(spy, EncodingOptions(cache=tmp_path)))
    assert sorted(spy.asked) == sorted(ENGLISH)
    assert np.array_equal(one, other)
    assert np.array_equal(one, fresh)


@pytest.mark.usefixtures("small_chunks")
def test_what_a_thread_died_over_is_encoded_by_the_other(model, fresh, tmp_path):
    done = by_two_threads(SpyModel(model, fails=True), EncodingOptions(cache=tmp_path))
    (failed,) = [one for one in done if one.exception()]
    (went_on,) = [one for one in done if one is not failed]
    assert str(failed.exception()) == "out of memory"
    assert np.array_equal(went_on.result(), fresh)


@pytest.mark.usefixtures("small_chunks")
def test_threads_without_a_cache_encode_for_themselves(model):
    spy = SpyModel(model)
    one, other = (done.result() for done in by_two_threads(spy, EncodingOptions()))
    assert sorted(spy.asked) == sorted(2 * ENGLISH)
    assert np.array_equal(one, other)


def changed_byte(content):
    return content[:3000] + bytes([content[3000] ^ 255]) + content[3001:]


@pytest.mark.parametrize("filename", ["keys.bin", "vectors-512.bin"])
@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[: len(content) // 2 + 7],
        lambda content: b"\0" * len(content),
        lambda content: content[1:] + content[:1],
        lambda content: changed_byte(content) if len(content) > 3000 else b"?" + content[1:],
        lambda content: content + b"no row",
    ],
    ids=["empty", "torn", "zeros", "shifted", "a byte", "longer"],
)
def test_a_damaged_file_is_encoded_again_and_whole_after_that(
    model, fresh, tmp_path, caplog, filename, damage
):
    how = EncodingOptions(cache=tmp_path)
    encode_cached(model, ENGLISH, how)
    path = tmp_path / model.identity / filename
    path.write_bytes(damage(path.read_bytes()))
    assert np.array_equal(encode_cached(model, ENGLISH, how), fresh)
    with caplog.at_level(logging.INFO):
        assert np.array_equal(encode_cached(model, ENGLISH, how), fresh)
    assert "encoded texts=0 from_cache=9" in caplog.text


def test_a_cache_that_cannot_be_written_only_warns(model, fresh, tmp_path, caplog):
    (tmp_path / "file").write_text("in the way")
    how = EncodingOptions(cache=tmp_path / "file" / "below")
    assert np.array_equal(encode_cached(model, ENGLISH, how), fresh)
    assert "cannot write" in caplog.text


def test_two_processes_may_write_at_once(tmp_path):
    code = (
        "import sys, numpy as np\n"
        "from pathlib import Path\n"
        "from fusion.models.text.vector_cache import VectorCache, text_key\n"
        "for n in range(40):\n"
        "    keys = [text_key(f'{sys.argv[2]}{n}')]\n"
        "    VectorCache(Path(sys.argv[1])).write(keys, np.full((1, 4), n, 'f2'))\n"
    )
    both = [subprocess.Popen([sys.executable, "-c", code, tmp_path, name]) for name in "xy"]
    assert [process.wait(60) for process in both] == [0, 0]
    stored = VectorCache(tmp_path)
    stored.refresh()
    assert len(stored.rows) == 80
    keys = [text_key(f"{name}{n}") for name in "xy" for n in range(40)]
    vectors, whole = stored.read(keys)
    assert whole.all()
    assert vectors[:, 2].tolist() == [*range(40)] * 2


def test_a_prune_keeps_what_is_named_and_readers_find_their_rows_again(model, fresh, tmp_path):
    how = EncodingOptions(cache=tmp_path)
    encode_cached(model, ENGLISH, how)
    reader = VectorCache(tmp_path / model.identity)
    reader.refresh()
    pruning = VectorCache(tmp_path / model.identity)
    assert pruning.keep(set(keys_of(ENGLISH[5:]))) == 5 * (512 * 2 + 20)
    assert pruning.keep(set(keys_of(ENGLISH[5:]))) == 0
    # Rows of the old file are not those of the new one, and checksums say so.
    reader.refresh()
    assert set(reader.rows) == set(keys_of(ENGLISH[5:]))
    assert np.array_equal(encode_cached(model, ENGLISH, how), fresh)


def test_rows_of_a_file_that_was_pruned_meanwhile_are_not_believed(model, tmp_path):
    how = EncodingOptions(cache=tmp_path)
    encode_cached(model, ENGLISH, how)
    reader = VectorCache(tmp_path / model.identity)
    reader.refresh()
    VectorCache(tmp_path / model.identity).keep(set(keys_of(ENGLISH[5:])))
    vectors, whole = reader.read(keys_of(ENGLISH))
    # A row that stayed where it was may be believed, and is what it was.
    assert whole.sum() < 4
    assert np.array_equal(vectors[whole], model.encode(ENGLISH)[whole].astype(np.float16))
