"""The ranker: gradient-boosted trees that score candidates by their features."""

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
from fusion.ranking.trees.tree_scoring import QuickScorer
from fusion.ranking.trees.tree_shap import TreeShap


@dataclass(frozen=True)
class Ranker:
    """LightGBM boosters over named columns; the score is the mean of their raw scores.

    Attributes:
        columns: names of the F features that the boosters read.
        boosters: one a seed.
        source_prior: what is added to the scores; None adds nothing.
        threads: blocks of rows that are scored at once; no score depends on it.
    """

    columns: tuple[str, ...]
    boosters: tuple[lgb.Booster, ...]
    source_prior: SourcePrior | None = None
    threads: int = 1

    def score(self, matrix: Scores) -> Scores:
        """Score candidates by their features.

        Args:
            matrix: features (C, F) float32 in the order of `columns`.

        Returns:
            Scores (C,) float32; only their order within a user has meaning.
        """
        if not len(matrix):
            return np.empty(0, np.float32)
        # In float64 and in the order of the boosters, so that every score comes out the same bits.
        total = np.zeros(len(matrix))
        for booster, scorer in zip(self.boosters, self._scorers, strict=True):
            if scorer is not None:
                total += scorer.score(matrix, self.threads)
            else:
                total += self._predict(booster, matrix)
        scores = total / len(self.boosters)
        if self.source_prior is not None:
            scores = scores + self.source_prior.added_scores(self.columns, matrix)
        return scores.astype(np.float32)

    def score_columns(self, columns: dict[str, Scores]) -> Scores:
        """Score candidates by features given by name.

        Args:
            columns: features (C,); one that is missing counts as NaN throughout.

        Returns:
            Scores (C,) float32.
        """
        return self.score(self._matrix(columns))

    def contributions(self, columns: dict[str, Scores]) -> Scores:
        """Compute what each feature adds to the scores of candidates, as TreeSHAP has it.

        A row's contributions and a constant add up to its score. It takes some ten times as long
        as scoring.

        Args:
            columns: features (C,) by name, as for `score_columns`.

        Returns:
            Contributions (C, F) float32 in the order of the ranker's columns.
        """
        matrix = self._matrix(columns)
        total = np.zeros(matrix.shape)
        for booster, shap in zip(self.boosters, self._shaps, strict=True):
            if shap is not None:
                total += shap.contributions(matrix, self.threads)
            else:
                # LightGBM's last column is the constant.
                total += self._predict(booster, matrix, pred_contrib=True)[:, :-1]
        total /= len(self.boosters)
        if self.source_prior is not None:
            index = self.columns.index(self.source_prior.column)
            total[:, index] += self.source_prior.added_scores(self.columns, matrix)
        return total.astype(np.float32)

    def _predict(
        self, booster: lgb.Booster, matrix: Scores, pred_contrib: bool = False
    ) -> NDArray[np.float64]:
        """Return LightGBM's own prediction, for trees that our scorers do not cover."""
        predicted = booster.predict(matrix, num_threads=self.threads, pred_contrib=pred_contrib)
        return np.asarray(predicted)

    @cached_property
    def _scorers(self) -> list[QuickScorer | None]:
        return [QuickScorer.of(booster) for booster in self.boosters]

    @cached_property
    def _shaps(self) -> list[TreeShap | None]:
        return [None if scorer is None else TreeShap.of(scorer) for scorer in self._scorers]

    def _matrix(self, columns: dict[str, Scores]) -> Scores:
        """Return the features (C, F), column after column in memory, as the scorers read them."""
        n_candidates = len(next(iter(columns.values())))
        missing = np.full(n_candidates, np.nan, np.float32)
        return np.stack([columns.get(name, missing) for name in self.columns]).T

    def importance(self) -> dict[str, float]:
        """Return each feature's share of the boosters' total gain, by name."""
        gains = [booster.feature_importance("gain") for booster in self.boosters]
        gain = np.sum(gains, axis=0)
        # Boosters without a single split have no gain at all.
        shares = gain / max(gain.sum(), 1e-12)
        return dict(zip(self.columns, shares.tolist(), strict=True))

    def save(self, folder: Path) -> None:
        """Write the boosters as LightGBM text, the names of the columns and the source prior.

        Args:
            folder: a `RankerFolder`.
        """
        files = RankerFolder(folder)
        for index, booster in enumerate(self.boosters):
            # Not by LightGBM itself, whose error hides that a disk is full.
            files.booster(index).write_text(booster.model_to_string(), encoding="utf-8")
        files.columns.write_text(json.dumps(self.columns))
        prior = asdict(self.source_prior) if self.source_prior else None
        files.source_prior.write_text(json.dumps(prior))

    @classmethod
    def load(cls, folder: Path, threads: int = 1) -> "Ranker":
        """Read a ranker that `save` wrote.

        Args:
            folder: a `RankerFolder`.
            threads: blocks of rows that it scores at once.
        """
        files = RankerFolder(folder)
        columns = tuple(json.loads(files.columns.read_text()))
        boosters = tuple(lgb.Booster(model_file=file) for file in files.boosters())
        prior = json.loads(files.source_prior.read_text())
        source_prior = SourcePrior(**prior) if prior else None
        return cls(columns, boosters, source_prior, threads)
