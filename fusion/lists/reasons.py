"""Reasons in words: what each column of the ranking table says in favour of an item."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fusion.core.arrays import Flags, Scores
from fusion.models.base.fitted import FittedSource
from fusion.ranking.features.registry import Feature
from fusion.ranking.features.side_columns import is_prior_column
from fusion.ranking.features.source_columns import ColumnKind, SourceColumn
from fusion.ranking.ranker import Ranker

STRONGEST = 3
"""Reasons of the ranker that a row keeps: more are too small to matter and too many to read."""
BACKFILLED = "the list had run short, and what is popular or new completes it"
MOVED_UP = "a rule moves it up"
PUT_HERE = "a rule puts it here"


def reason_of(source: str, reason_text: str) -> str:
    """Return why a source proposes an item, as what follows "because".

    Args:
        source: its name in the configuration.
        reason_text: the sentence of its class; "" where it has none.

    Returns:
        The sentence, or one with the name of the source.
    """
    return reason_text.strip() or f"{source} speaks for it"


def applying(ranker: Ranker, features: Mapping[str, Scores]) -> Scores:
    """Compute what columns add to scores, without priors that say nothing of the item.

    An item gains a little where a prior that speaks against others does not concern it. That is no
    reason which anybody would understand.

    Args:
        ranker: weighs the features.
        features: of the candidates (n,), by name.

    Returns:
        Contributions (n, F) in the order of the ranker's columns.
    """
    contributions = ranker.contributions(dict(features))
    for index, name in enumerate(ranker.columns):
        if is_prior_column(name):
            contributions[features[name] == 0, index] = 0
    return contributions


@dataclass(frozen=True)
class Reasons:
    """K reasons in words, and the columns of the ranking table that speak for each.

    All columns of a source are one reason, and so are features with the same words.

    Attributes:
        sources: names of the S sources that propose; the first S reasons are theirs.
        words: (K,) each reason, as what follows "because".
        of_column: the reason of each column that is one.
    """

    sources: tuple[str, ...]
    words: tuple[str, ...]
    of_column: Mapping[str, int]

    @classmethod
    def of(cls, sources: Sequence[FittedSource], features: Sequence[Feature]) -> "Reasons":
        """Collect the reasons of sources that propose, and of every feature that has words.

        Args:
            sources: fitted sources.
            features: those of the data, as `features_of` lists them.

        Returns:
            The reasons.
        """
        proposing = [source for source in sources if source.proposes]
        words = [reason_of(source.name, source.model.reason_text) for source in proposing]
        of_column: dict[str, int] = {}
        for reason, source in enumerate(proposing):
            for kind in ColumnKind:
                of_column[SourceColumn(source.name, kind).name] = reason
        # A feature never shares the reason of a source, even in the same words.
        n_sources = len(proposing)
        for feature in features:
            if not feature.reason_text:
                continue
            if feature.reason_text not in words[n_sources:]:
                words.append(feature.reason_text)
            of_column[feature.name] = words.index(feature.reason_text, n_sources)
        return cls(tuple(source.name for source in proposing), tuple(words), of_column)

    def strongest(self, contributions: Scores, columns: Sequence[str], silent: Flags) -> Scores:
        """Add contributions up by reason, and keep the largest.

        A source that is silent on an item says nothing in its favour, although the ranker may count
        the silence.

        Args:
            contributions: what each column adds to each score (n, F).
            columns: their F names.
            silent: sources without a score for the item (n, S).

        Returns:
            Gains (n, K): the three largest above 0 of a row, NaN elsewhere.
        """
        gains = np.zeros((len(contributions), len(self.words)), np.float32)
        for index, name in enumerate(columns):
            if name in self.of_column:
                gains[:, self.of_column[name]] += contributions[:, index]
        gains[:, : len(self.sources)][silent] = 0
        # Stable and of the negated gains: ties go to the reason declared first.
        largest = np.argsort(-gains, axis=1, kind="stable")[:, :STRONGEST]
        is_largest = np.zeros(gains.shape, bool)
        np.put_along_axis(is_largest, largest, True, axis=1)
        return np.where(is_largest & (gains > 0), gains, np.nan).astype(np.float32)
