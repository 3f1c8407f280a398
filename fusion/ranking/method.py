"""Methods by which candidates are scored: the ranker, the blend, or one source."""

from dataclasses import dataclass

from fusion.core.arrays import Scores
from fusion.ranking.candidates import Candidates
from fusion.ranking.ranker import Ranker

RANKER, BLEND, RANDOM = "ranker", "blend", "random"


@dataclass(frozen=True)
class Method:
    """How candidates are scored: "ranker", "blend" or the name of a source.

    `twin`: the same ranker fitted on users drawn anew, to see what chance alone changes.
    """

    name: str
    ranker: Ranker | None = None
    twin: Ranker | None = None

    def score(self, found: Candidates, columns: dict[str, Scores]) -> Scores:
        """Scores (C,) of a block's candidates, NaN where the method is silent."""
        if self.name == RANKER:
            assert self.ranker is not None
            return self.ranker.score_columns(columns)
        if self.name == BLEND:
            return columns[BLEND]
        return found.scores[:, found.names.index(self.name)]

    def twin_scores(self, columns: dict[str, Scores]) -> Scores | None:
        """Scores by the twin of the candidates in `columns`; None without a twin."""
        return None if self.twin is None else self.twin.score_columns(columns)
