"""The screen of `fusion judge`: stored lists by a file, beside what the fallback would have had."""

from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from flows.cli.screens.tables import plain_table, to_minute
from flows.visible_text import one_line

if TYPE_CHECKING:  # what judges takes a while to import
    from flows.steps.realised.judge_file import FileJudgement
    from fusion.evaluation.realised.judge_lists import RealisedFigure
    from fusion.metrics.bootstrap import Interval

HEADINGS = (
    "users of",
    "users>",
    "NDCG@10>",
    "95 % interval",
    "over fallback>",
    "95 % interval",
    "recall@20>",
    "precision@10>",
    "hit@10>",
    "hit@20>",
)


def print_judgement(console: Console, judgement: "FileJudgement") -> None:
    """Show how the lists of a run do on a file.

    Args:
        console: where to show it.
        judgement: of the run.
    """
    judged = judgement.judged
    of_file = f"{judgement.n_rows:,} rows of {judgement.file}"
    before = (
        f", {judgement.n_before:,} of them from before its data ended" if judgement.n_before else ""
    )
    console.print(
        one_line(
            f"Run {judgement.run.run_id} by {of_file}{before}: {judged.labels:,} labels of "
            f"{judged.users:,} users, from {to_minute(judgement.start)} UTC on."
        ),
        markup=False,
    )
    if not judged.figures:
        console.print(
            "No row is a label: nothing is liked, news to its user, and could be listed.",
            markup=False,
        )
        return
    by_segment: dict[str, dict[tuple[str, int], RealisedFigure]] = {}
    for one in judged.figures:
        by_segment.setdefault(one.segment, {})[one.name, one.k] = one
    table = plain_table(*HEADINGS)
    for segment, figures in by_segment.items():
        ndcg = figures["ndcg", 10]
        others = (("recall", 20), ("precision", 10), ("hit", 10), ("hit", 20))
        table.add_row(
            escape(segment),
            f"{ndcg.users:,}",
            f"{ndcg.lists.value:.4f}",
            _ends(ndcg.lists),
            f"{ndcg.gap.value:+.4f}",
            _ends(ndcg.gap),
            *(f"{figures[key].lists.value:.4f}" for key in others),
        )
    console.print(table)


def _ends(interval: "Interval") -> str:
    return f"{interval.low:.4f} to {interval.high:.4f}"
