"""A list from a sentence, by the likeness of texts and of categories."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from scipy.sparse import csr_array

from fusion.core.arrays import Flags, Scores, normalize_rows
from fusion.data.catalogue import Catalogue
from fusion.data.categories import one_hot
from fusion.models.text.cached_encoding import EncodingOptions
from fusion.models.text.character_ngrams import NgramWeights
from fusion.models.text.encoder_choice import choose
from fusion.models.text.encoders import encode_with
from fusion.models.text.text_encoder import TextEncoder
from fusion.on_request.by_items import RankedItems

STANDS_OUT = 0.5
"""Standard deviations above the mean category from which one counts as asked for: with 1, the
second of two categories in a sentence was often missed."""
OF_CATEGORIES = 3.0
"""Weight of the categories asked for beside the text: with less, sentences of two categories found
fewer items that have both; with more, titles found fewer of their items."""
OF_WORDS = 2.0
"""Weight of the words that sentence and description share beside what they mean. With none, a
title found its item among the first ten in 141 of 200 cases, with 1 in 197, with 2 in 199; with 4,
sentences of two categories found fewer items that have both."""
MOST_WORDS = 3
"""Words of a piece of a sentence."""
PIECES_OF_HAN = (2, 3, 4)
"""Characters of one in a script without blanks."""
MOST_PIECES = 100
"""Pieces of a sentence that are encoded; of a whole page the first ones say what it is about."""
HAN = re.compile("[\u3400-\u9fff]+")
LEAST_CATEGORIES = 2
"""One alone stands out from none."""
SMALLEST = 1e-9
"""Stands for a deviation of nothing, by which nothing can be divided."""


@dataclass(frozen=True)
class TextIndex:
    """The descriptions of items, to be compared with sentences.

    Attributes:
        catalogue: of the run.
        encoder: as the configuration names it.
        cache: folder of cached vectors; None for no cache.
        threads: cores of the encoder.
    """

    catalogue: Catalogue
    encoder: str = "auto"
    cache: Path | None = None
    threads: int = 1

    def rank(self, sentence: str, may: Flags, k: int) -> RankedItems:
        """Rank items by how well a sentence describes them.

        Args:
            sentence: in a language that the encoder reads; need not be that of the descriptions.
            may: (I,) items that may be listed.
            k: places of the list.

        Returns:
            At most k items; none where no item has a description. A score is the cosine of sentence
            and description, both less the mean of all descriptions, and more for the categories
            that the sentence asks for and for the words that both have.
        """
        rows, _ = self.catalogue.descriptions
        if not len(rows):
            return RankedItems(np.empty(0, np.int32), np.empty(0, np.float32))
        likeness = OF_WORDS * self._shared_words(sentence)
        if self._model is not None:
            # The whole sentence comes first.
            of_pieces = self._encode(pieces_of(sentence))
            of_texts = self._centred @ normalize_rows(of_pieces[:1] - self._mean)[0]
            likeness += of_texts + self._shares_asked_for(of_pieces)[rows]
        shown = may[rows]
        order = np.lexsort((rows[shown], -likeness[shown]))[:k]
        return RankedItems(rows[shown][order], likeness[shown][order].astype(np.float32))

    def _shared_words(self, sentence: str) -> Scores:
        """Return the cosine (K,) of a sentence with each description, by character n-grams.

        They are words, parts of words, and words of scripts without blanks. Rare ones count most;
        those of the sentence that no description has make all cosines smaller, so that the less
        two share, the more the meaning decides.
        """
        weights, of_descriptions = self._ngrams
        likeness: Scores = of_descriptions @ weights.weigh([sentence]).toarray()[0]
        return likeness

    def _shares_asked_for(self, of_pieces: Scores) -> Scores:
        """Return how much of what a sentence asks for an item's categories are: (I,).

        Categories are named by a word or two, so they are compared with pieces of the sentence;
        each counts by the piece that is nearest to it. A sentence is like many categories a little.
        It asks for those that it is far more like than the others, each in proportion, and as
        strongly as it as a whole is like the nearest: a title is like none of them.

        Args:
            of_pieces: vectors (P, d) of the sentence and of its pieces.
        """
        names, members = self._categories
        if len(names) < LEAST_CATEGORIES:
            return np.zeros(len(self.catalogue), np.float32)
        likeness = (self._names @ of_pieces.T).max(axis=1)
        deviation = max(float(likeness.std()), SMALLEST)
        above = np.maximum((likeness - likeness.mean()) / deviation - STANDS_OUT, 0)
        mean = self._names.mean(axis=0)
        whole = normalize_rows(self._names - mean) @ normalize_rows(of_pieces[:1] - mean)[0]
        strength = OF_CATEGORIES * max(float(whole.max()), 0.0)
        asked = above * (strength / max(float(above.sum()), SMALLEST))
        shares: Scores = members @ asked.astype(np.float32)
        return shares

    @cached_property
    def _model(self) -> TextEncoder | None:
        _, descriptions = self.catalogue.descriptions
        return choose(sorted(set(descriptions)), self.encoder, self._options).model

    @cached_property
    def _options(self) -> EncodingOptions:
        return EncodingOptions(threads=self.threads, cache=self.cache)

    @cached_property
    def _ngrams(self) -> tuple[NgramWeights, csr_array]:
        """The n-grams of descriptions, with weights (K, n-grams)."""
        _, descriptions = self.catalogue.descriptions
        weights = NgramWeights(descriptions)
        return weights, weights.measured

    @cached_property
    def _vectors(self) -> Scores:
        """Vectors (K, d) of the descriptions."""
        return self._encode(self.catalogue.descriptions[1])

    @cached_property
    def _mean(self) -> Scores:
        """What all descriptions have in common (1, d)."""
        mean: Scores = self._vectors.mean(axis=0, keepdims=True)
        return mean

    @cached_property
    def _centred(self) -> Scores:
        return normalize_rows(self._vectors - self._mean)

    @cached_property
    def _names(self) -> Scores:
        """Vectors (C, d) of the names of categories."""
        return self._encode(self._categories[0])

    @cached_property
    def _categories(self) -> tuple[list[str], csr_array]:
        """Names of the categories, and who has which: (I, C) float32 of ones."""
        lists = self.catalogue.table["categories"]
        names = lists.explode().drop_nulls().unique().sort().to_list()
        return names, one_hot(lists)

    def _encode(self, texts: Sequence[str]) -> Scores:
        assert self._model is not None
        return encode_with(self._model, texts, self._options)


def pieces_of(sentence: str) -> list[str]:
    """Return a sentence and its pieces, each once.

    Args:
        sentence: to cut; Chinese by characters, other scripts by blanks.

    Returns:
        The sentence, then pieces of one to `MOST_WORDS` words, and of Chinese `PIECES_OF_HAN`
        characters, from left to right; at most `MOST_PIECES`.
    """
    pieces = [sentence]
    words = sentence.split()[:MOST_PIECES]
    for start in range(len(words)):
        pieces += [" ".join(words[start : start + length]) for length in range(1, MOST_WORDS + 1)]
    for run in HAN.findall(sentence[: MOST_PIECES * max(PIECES_OF_HAN)]):
        for start in range(len(run) - 1):
            pieces += [run[start : start + length] for length in PIECES_OF_HAN]
    return list(dict.fromkeys(pieces))[:MOST_PIECES]
