"""Texts that were measured are weighed and encoded as any others, without finding n-grams again."""

import numpy as np

from fusion.models.text.character_ngrams import CharacterNgrams, NgramWeights, tfidf

TEXTS = ["the red house", "the blue house", "a garden", "war and garden", "x"]


def test_measured_texts_are_weighed_as_any_texts():
    weights = NgramWeights(TEXTS)
    again = weights.weigh(TEXTS)
    assert weights.measured.indices.tolist() == again.indices.tolist()
    assert weights.measured.data.tobytes() == again.data.tobytes()


def test_measured_texts_are_encoded_as_any_texts():
    ngrams = CharacterNgrams(TEXTS)
    assert ngrams.encode_measured().tobytes() == ngrams.encode(TEXTS).tobytes()
    assert tfidf(TEXTS).tobytes() == ngrams.encode(TEXTS).tobytes()
    assert np.allclose(np.linalg.norm(tfidf(TEXTS), axis=1), 1)
