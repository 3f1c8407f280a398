"""Places of the newest label fold, listed by a ranker that knows nothing of its labels."""

from collections.abc import Sequence
from pathlib import Path

from fusion.evaluation.estimate.places import LabelledPlaces
from fusion.evaluation.judged_lists import candidate_scores, read_scored_table
from fusion.ranking.method import RANKER
from fusion.ranking.ranker import Ranker
from fusion.runs.context import RunContext
from fusion.training.ranker_stages import FittedRanker, ServingInputs, serving_stage


def label_places(
    context: RunContext, method: str, tables: Sequence[Path], judged: FittedRanker
) -> LabelledPlaces | None:
    """List the newest label fold by the method that serves.

    Args:
        context: of the training.
        method: that makes the lists.
        tables: folders of the label folds' tables, oldest first, and the verdict's.
        judged: the ranker that the verdict chose.

    Returns:
        The places; None where items of the fold are as if new, since lists without them are poorer
        than what was served.
    """
    *older, newest, verdict = tables
    fold = context.plan.labels[-1]
    if fold.dropped is not None:
        return None
    ranker = judged.ranker
    if method == RANKER:
        inputs = ServingInputs.of(context, [*older, verdict], judged)
        folder = context.runtime.make(serving_stage(inputs, "cross-fitted ranker"))
        ranker = Ranker.load(folder, context.threads)
    table = read_scored_table(newest, ranker)
    return LabelledPlaces.of(context, fold, table, candidate_scores(table), method)
