"""The ranker of the label folds, and the verdict on it and on every source."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fusion.data.splitting.fold import Fold
from fusion.evaluation.evaluate import Verdict, evaluate
from fusion.evaluation.live_baseline import Live
from fusion.evaluation.promise.window_figure import PastWindow
from fusion.lists.business_rules.compiled_rules import Rules
from fusion.ranking.sampling import limit_training_users
from fusion.runs.context import RunContext
from fusion.training.new_items.hidden_items import judge_hidden_items
from fusion.training.new_items.only_new import only_new_tables
from fusion.training.past_windows.judge import judge_past_windows
from fusion.training.ranker_stages import FittedRanker, RankerInputs, ranker_stage
from fusion.training.source_fits import SourceFits
from fusion.training.table_stage import TableInputs, table_stage


@dataclass(frozen=True)
class Judged:
    """What the label folds taught a ranker, and what the verdict fold said of it.

    Attributes:
        tables: folders of the label folds, oldest first, and of the verdict fold.
        only_new: tables in which only items that are as if new are candidates.
        ranker: fitted on the label folds.
        past: what rows that need no ranker scored in past windows, oldest first.
        verdict: the choice of the method.
    """

    tables: list[Path]
    only_new: list[Path]
    ranker: FittedRanker
    past: list[PastWindow]
    verdict: Verdict


def judge(context: RunContext, fits: SourceFits, live: Live | None, rules: Rules | None) -> Judged:
    """Train a ranker on the label folds, and judge it and the sources on the verdict fold.

    Args:
        context: of the training.
        fits: of the sources in use.
        live: the run that is live, to compare with.
        rules: that lists follow.

    Raises:
        SourceFailed: a source fails while it scores.
    """
    runtime, label_folds = context.runtime, training_folds(context)
    tables = fold_tables(context, fits, [*label_folds, context.plan.verdict])
    only_new = only_new_tables(context, fits, label_folds[0])
    inputs = RankerInputs.of(context, tables[:-1], only_new)
    fitted = FittedRanker.load(runtime.run(ranker_stage(inputs)), runtime.threads)

    past = runtime.step("past windows", lambda: judge_past_windows(context))
    verdict = runtime.step(
        "verdict", lambda: evaluate(context, tables[-1], fitted.ranker, live, past, rules)
    )
    hidden = runtime.step("hidden items", lambda: judge_hidden_items(context, fits, fitted.ranker))
    verdict = replace(verdict, report=verdict.report.model_copy(update={"cold_items": hidden}))
    return Judged(tables, only_new, fitted, past, verdict)


def fold_tables(context: RunContext, fits: SourceFits, folds: Sequence[Fold]) -> list[Path]:
    """Make the tables of some folds, by the sources in use.

    Args:
        context: of the training.
        fits: of the sources in use.
        folds: whose candidates they hold.

    Raises:
        SourceFailed: a source fails while it scores.
    """
    inputs = [TableInputs.of(context, fits, fold) for fold in folds]
    return [context.runtime.run(table_stage(each)) for each in inputs]


def training_folds(context: RunContext) -> list[Fold]:
    """Return the label folds, with the labels of only so many users as the ranker learns from.

    Args:
        context: of the training.
    """
    folds, config = context.plan.labels, context.config
    return [
        limit_training_users(fold, config.ranker.max_rows, len(folds), config.seed)
        for fold in folds
    ]
