"""What each source of a run adds, noted in its row; those that do not pay are left out."""

import logging
from collections.abc import Mapping, Sequence
from math import inf
from pathlib import Path
from typing import Any

from fusion.config import SourceSettings
from fusion.data.splitting.fold import Fold
from fusion.runs.context import RunContext
from fusion.training.contributions.contribution_stage import (
    OTHERS_LEFT,
    POPULARITY,
    ContributionInputs,
    contribution_stage,
    read_elimination,
    worth,
)
from fusion.training.contributions.defaults import DEFAULTS
from fusion.training.contributions.elimination import Elimination
from fusion.training.contributions.sample import labelled_users
from fusion.training.sources import LeftOut, SourceReport

log = logging.getLogger(__name__)


Earlier = Mapping[str, dict[str, Any]]
"""Sources that the live run left out: name -> contribution, as its manifest has it."""


def note_left_out(reports: Sequence[SourceReport], earlier: Earlier, every: int) -> None:
    """Leave out what an earlier run left out, unless it is time to ask again.

    Args:
        reports: of the configured sources; rows of those left out are changed.
        earlier: what the live run left out, where it had the same sources.
        every: runs after which a source is asked again.
    """
    used = [report for report in reports if report.used]
    leaving = [report for report in used if _runs_since(report, earlier) < every]
    others = [report for report in used if report not in leaving and report.use != POPULARITY]
    # Where fewer sources can take part than in the earlier run, each of them counts.
    if len(others) < OTHERS_LEFT:
        return
    for report in leaving:
        runs = _runs_since(report, earlier)
        report.contribution = {**earlier[report.name], "runs": int(runs)}
        report.leave(LeftOut("unpaid", _reason(report.contribution, every)))


def _runs_since(report: SourceReport, earlier: Earlier) -> float:
    """Return how many runs ago a source was asked and left out; infinite where it was not."""
    return earlier[report.name]["runs"] + 1 if report.name in earlier else inf


def prune(
    context: RunContext,
    sources: Sequence[SourceSettings],
    reports: Sequence[SourceReport],
    folds: Sequence[Fold],
    tables: Sequence[Path],
) -> None:
    """Ask what each source adds, note it, and leave out those that are not worth their cost.

    Only label folds are read: what is judged later is judged on interactions that decided nothing.

    Args:
        context: of the training.
        sources: those in use, in the order of their columns.
        reports: of the configured sources; their rows are changed.
        folds: label folds, oldest first.
        tables: folders of their tables.
    """
    n_users = sum(len(labelled_users(fold)) for fold in folds)
    if len(sources) < 2 or n_users < DEFAULTS.min_users:
        log.info("contributions not asked sources=%d users=%d", len(sources), n_users)
        return
    inputs = ContributionInputs(
        tables=tuple(tables),
        folds=tuple(folds),
        shares=worth(sources, folds[-1]),
        kept=tuple(source.name for source in sources if source.use == POPULARITY),
        seed=context.config.seed,
    )
    found = read_elimination(context.runtime.run(contribution_stage(inputs)))
    by_name = {report.name: report for report in reports}
    for name in inputs.shares:
        report = by_name[name]
        report.contribution = _row(name, found)
        if context.config.tune.prune and not report.contribution["pays"]:
            reason = _reason(report.contribution, context.config.tune.probe)
            report.leave(LeftOut("unpaid", reason))
            log.info("source=%s %s", name, report.status)


def _row(name: str, found: Elimination) -> dict[str, Any]:
    """Return what a source adds as its row in the manifest."""
    contribution = found.contributions[name]
    return {
        **contribution.loss.as_dict(),
        "margin": contribution.margin,
        "beside": contribution.beside,
        "pays": name not in found.left_out,
        "runs": 0,
    }


def _reason(row: Mapping[str, Any], every: int) -> str:
    """Say why a source is left out, and when it is asked again."""
    runs = every - row["runs"]
    return (
        f"left out: it adds {row['value']:+.4f} [{row['low']:+.4f}, {row['high']:+.4f}] to NDCG@10 "
        f"on label folds, and its cost asks for {row['margin']:.4f}; asked again in "
        f"{runs} run{'s' if runs > 1 else ''}"
    )
