"""The ranker: LightGBM lambdarank over the tables of the label folds."""

import json
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from fusion.core.arrays import Scores
from fusion.ranking.folders import RankerFolder
from fusion.ranking.source_prior import SourcePrior
from fusion.ranking.tree_scoring import QuickScorer
from fusion.ranking.tree_shap import TreeShap


@dataclass(frozen=True)
class Ranker:
    """Boosters over named columns; the score is the mean of their raw scores, drawn towards a source if it leans.

    `threads`: how many score at once; they change no bit.
    """

    columns: tuple[str, ...]
    boosters: tuple[lgb.Booster, ...]
    source_prior: SourcePrior | None = None
    threads: int = 1

    def score(self, matrix: Scores) -> Scores:
        """Scores (C,) of feature rows (C, F) in the order of `columns`; only their order within a user has meaning."""
        total = np.zeros(len(matrix))
        for forest, booster in (
            zip(self._forests, self.boosters, strict=True) if len(matrix) else ()
        ):
            total += forest.score(matrix, self.threads) if forest else self._asked(booster, matrix)
        added = (
            self.source_prior.added(self.columns, matrix) if self.source_prior else np.float32(0.0)
        )
        return (total / len(self.boosters) + added).astype(np.float32)

    def score_columns(self, columns: dict[str, Scores]) -> Scores:
        """Scores (C,) of feature columns (C,) by name; one that is missing counts as NaN throughout."""
        return self.score(self._matrix(columns))

    def contributions(self, columns: dict[str, Scores]) -> Scores:
        """What each of `columns` adds to the scores of feature columns (C,) by name: (C, F), as TreeSHAP has it.

        A row's contributions and a constant add up to its score. It takes some ten times as long as
        scoring.
        """
        matrix = self._matrix(columns)
        total = np.zeros(matrix.shape)
        for told, booster in zip(self._contributions, self.boosters, strict=True):
            total += (
                told(matrix, self.threads)
                if told
                else self._asked(booster, matrix, pred_contrib=True)[:, :-1]
            )
        total /= len(self.boosters)
        if self.source_prior:
            total[:, self.columns.index(self.source_prior.column)] += self.source_prior.added(
                self.columns, matrix
            )
        return total.astype(np.float32)

    def _asked(self, booster: lgb.Booster, matrix: Scores, **kind: bool) -> NDArray[np.float64]:
        """What LightGBM itself says, where its trees are other than plain."""
        return np.asarray(booster.predict(matrix, num_threads=self.threads, **kind))

    @cached_property
    def _forests(self) -> list[QuickScorer | None]:
        return [QuickScorer.of(booster) for booster in self.boosters]

    @cached_property
    def _contributions(self) -> list[TreeShap | None]:
        return [TreeShap.of(forest) if forest else None for forest in self._forests]

    def _matrix(self, columns: dict[str, Scores]) -> Scores:
        """The matrix (C, F), column after column in memory, as forests read it."""
        missing = np.full(len(next(iter(columns.values()))), np.nan, np.float32)
        return np.stack([columns.get(name, missing) for name in self.columns]).T

    def importance(self) -> dict[str, float]:
        """Share of the boosters' total gain of each feature."""
        gain = np.sum([b.feature_importance("gain") for b in self.boosters], axis=0)
        return dict(zip(self.columns, (gain / max(gain.sum(), 1e-12)).tolist(), strict=True))

    def save(self, folder: Path) -> None:
        """Write LightGBM text files, the column names and what it leans on."""
        files = RankerFolder(folder)
        for at, booster in enumerate(self.boosters):
            booster.save_model(files.booster(at))
        files.columns.write_text(json.dumps(self.columns))
        files.source_prior.write_text(
            json.dumps(asdict(self.source_prior) if self.source_prior else None)
        )

    @classmethod
    def load(cls, folder: Path, threads: int = 1) -> "Ranker":
        """Read what `save` wrote, to score on so many threads."""
        files = RankerFolder(folder)
        boosters = tuple(lgb.Booster(model_file=file) for file in files.boosters())
        source_prior = json.loads(files.source_prior.read_text())
        columns = tuple(json.loads(files.columns.read_text()))
        return cls(
            columns, boosters, SourcePrior(**source_prior) if source_prior else None, threads
        )
