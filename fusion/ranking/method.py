"""Methods by which candidates are scored: the ranker, the blend, or one source."""

from dataclasses import dataclass

from fusion.core.arrays import Scores
from fusion.ranking.candidates import Candidates
from fusion.ranking.ranker import Ranker

RANKER = "ranker"
"""The learned ranker."""
BLEND = "blend"
"""Reciprocal-rank fusion of all sources, without learning."""
RANDOM = "random"
"""The source that scores at random: the control that every method is compared with."""


@dataclass(frozen=True)
class Method:
    """A way to score candidates.

    Attributes:
        name: `RANKER`, `BLEND` or the name of a source.
        ranker: the ranker, for the method `RANKER`.
        twin: an A/A replicate: the same ranker fitted on resampled users. How much its lists
            differ is what chance alone changes.
    """

    name: str
    ranker: Ranker | None = None
    twin: Ranker | None = None

    def score(self, candidates: Candidates, columns: dict[str, Scores]) -> Scores:
        """Score the candidates of a block.

        Args:
            candidates: C candidates of a block of users.
            columns: their features (C,) by name.

        Returns:
            Scores (C,), NaN where the method is silent.
        """
        if self.name == RANKER:
            assert self.ranker is not None
            return self.ranker.score_columns(columns)
        if self.name == BLEND:
            return columns[BLEND]
        return candidates.scores[:, candidates.names.index(self.name)]

    def twin_scores(self, columns: dict[str, Scores]) -> Scores | None:
        """Score the candidates of a block by the twin.

        Args:
            columns: their features (C,) by name.

        Returns:
            Scores (C,); None without a twin.
        """
        return None if self.twin is None else self.twin.score_columns(columns)
