"""Steady lists: an item that is shown yields only to one that is better beyond chance.

Training the same ranker twice on the same data gives other scores, and with them other lists. The
ranker and its twin, an A/A replicate, tell how far apart two scores of the same item lie by chance
alone. Items of the live list are raised by a multiple of that.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from fusion.core.arrays import Flags, Rows, Scores
from fusion.core.grouped import ranks, zscores
from fusion.lists.business_rules.compiled_rules import Rules
from fusion.lists.candidate_blocks import CandidateBlock, serving_blocks
from fusion.lists.live_lists import LiveLists
from fusion.models.base.fitted import FittedSource
from fusion.ranking.candidates import Candidates
from fusion.ranking.method import Method
from fusion.runs.context import RunContext

log = logging.getLogger(__name__)

NOISE_USERS = 500
"""Users of whom the noise is measured: some thousands of scores near the top of lists."""


@dataclass(frozen=True)
class Stickiness:
    """Raises the items of the live list.

    Attributes:
        live: lists that are shown now.
        margin: by how much, in standard deviations of a user's scores.
    """

    live: LiveLists
    margin: float

    def raised(self, candidates: Candidates, scores: Scores) -> Scores:
        """Raise the scores of the candidates that stand in their user's live list.

        Args:
            candidates: C candidates of a block of users.
            scores: of them (C,), NaN where the method is silent.

        Returns:
            Scores (C,) float32.
        """
        deviations = _deviations(candidates, scores)[candidates.pairs.owners]
        raised = scores + np.float32(self.margin) * deviations
        return np.where(self._is_shown(candidates), raised, scores)

    def _is_shown(self, candidates: Candidates) -> Flags:
        """Mark the candidates (C,) of their user's live list."""
        lists = self.live.of_users(candidates.users.rows)
        owners, places = np.nonzero(lists >= 0)
        shown = candidates.positions(owners, lists[owners, places])
        marks = np.zeros(len(candidates.pairs.owners), bool)
        marks[shown[shown >= 0]] = True
        return marks


def measure_stickiness(
    context: RunContext,
    sources: Sequence[FittedSource],
    method: Method,
    listed: tuple[Rows, Rules | None],
    live: LiveLists | None,
) -> Stickiness:
    """Measure by how much the items of the live lists are raised.

    Args:
        context: data, folds and settings.
        sources: fitted on the serving fold.
        method: how candidates are scored.
        listed: users who get lists (n,), and what these follow.
        live: lists that are shown now; None without any.

    Returns:
        What raises them; by nothing without `lists.stickiness`, and where the method has no twin:
        the blend and the sources are the same in every training on the same data.
    """
    settings = context.config.lists
    if live is None or not settings.stickiness:
        return Stickiness(LiveLists.none(), 0.0)
    users, rules = listed
    sample = users[:: max(1, len(users) // NOISE_USERS)]
    noise = score_noise(serving_blocks(context, sources, sample, rules), method, settings.size)
    log.info("scores differ by chance by %.3f standard deviations", noise)
    return Stickiness(live, settings.stickiness * noise)


def score_noise(blocks: Iterable[CandidateBlock], method: Method, size: int) -> float:
    """Measure how far apart the scores of a ranker and of its twin lie, near the top of lists.

    Args:
        blocks: candidates of some users.
        method: a ranker with its twin.
        size: places of a list; a candidate counts that either of the two lists.

    Returns:
        Root mean square of the difference, in standard deviations of a user's scores; 0 without a
        twin, or without any candidate.
    """
    squares, n = 0.0, 0
    for block in blocks:
        twin = method.twin_scores(block.columns)
        if twin is None:
            return 0.0
        scores = method.score(block.candidates, block.columns)
        pairs = block.candidates.pairs
        n_users = len(block.candidates.users)
        is_near_top = (ranks(scores, pairs.borders) <= size) | (ranks(twin, pairs.borders) <= size)
        own = zscores(scores, pairs.owners, n_users)
        gaps = (own - zscores(twin, pairs.owners, n_users))[is_near_top]
        squares += float(np.square(gaps, dtype=np.float64).sum())
        n += len(gaps)
    return float(np.sqrt(squares / n)) if n else 0.0


def _deviations(candidates: Candidates, scores: Scores) -> Scores:
    """Return the standard deviation of each user's scores (B,); 0 where there are none."""
    is_scored = np.isfinite(scores)
    owners = candidates.pairs.owners[is_scored]
    values = scores[is_scored].astype(np.float64)
    n_users = len(candidates.users)
    counts = np.maximum(np.bincount(owners, minlength=n_users), 1)
    means = np.bincount(owners, values, n_users) / counts
    squares = np.bincount(owners, np.square(values - means[owners]), n_users)
    return np.sqrt(squares / counts).astype(np.float32)
