"""What is known of a run, as its page and its report show it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dashboards.measures.drift import ColumnDrift
from dashboards.measures.feature_curves import FeatureCurve
from dashboards.pages.runs.exposure_figures import Exposure, SegmentGap
from dashboards.pages.runs.figures import (
    Difference,
    Estimate,
    Expectation,
    GroupFigures,
    HiddenItems,
    ListChanges,
    MethodFigures,
    SourceLine,
)


@dataclass(frozen=True)
class RunLine:
    """A run in a row of a table.

    Attributes:
        run_id: its id.
        status: training, ready, rejected, failed or deleted.
        slot: `live` or `challenger` where a slot shows it; "" else.
        kind: of training.
        method: that makes its lists; "" until it ended well.
        as_of: up to when it knew data; None where the data has no times.
        created_at: its training began.
        ndcg: NDCG@10 on users that did not choose the method; None without a verdict.
    """

    run_id: str
    status: str
    slot: str
    kind: str
    method: str
    as_of: datetime | None
    created_at: datetime
    ndcg: Estimate | None


@dataclass(frozen=True)
class AttributeLists:
    """Lists of users without a history, from attributes, beside the fallback.

    Attributes:
        judged: users whose whole history was hidden; 0 where too few could judge.
        rows: NDCG@10 by "attributes", "fallback" and "popularity"; none without a judgement.
        gap: of the first less the second, paired; None likewise.
        lists: users who have such a list now; 0 where the fallback serves.
        columns: of the users file that the lists come from.
        reason: why the fallback serves; "" where lists from attributes do.
        wrote: users without a history who wrote something, which counts as well.
    """

    judged: int
    rows: dict[str, Estimate]
    gap: Estimate | None
    lists: int
    columns: tuple[str, ...]
    reason: str = ""
    wrote: int = 0


@dataclass(frozen=True)
class PriorLine:
    """A rule of thumb as the ranker weighs it.

    Attributes:
        name: in the configuration.
        candidates: share of the verdict's candidates that it speaks of.
        importance: its share of the ranker's total gain; None where nothing has any.
        effect: what it adds to their scores on average; None where it speaks of none.
    """

    name: str
    candidates: float
    importance: float | None
    effect: float | None


@dataclass(frozen=True)
class Setting:
    """A setting of two runs.

    Attributes:
        name: its path.
        before: as JSON; "" where the run before has none.
        now: as JSON; "" where this run has none.
    """

    name: str
    before: str
    now: str


@dataclass(frozen=True)
class SlotMove:
    """A move of a slot to or from the run.

    Attributes:
        at: when.
        slot: which.
        action: publish, approve, reject, rollback or unfreeze.
        from_run: id of the run that it showed; None for none.
        to_run: id of the run that it shows since.
        by: who.
        reason: why; "" where nobody said.
    """

    at: datetime
    slot: str
    action: str
    from_run: str | None
    to_run: str | None
    by: str
    reason: str


@dataclass(frozen=True)
class RunAlert:
    """An alert on a run.

    Attributes:
        severity: alarm or look.
        state: open, acknowledged or resolved.
        message: in words.
    """

    severity: str
    state: str
    message: str


@dataclass(frozen=True)
class RunFacts:
    """Everything that a Run page shows.

    Attributes:
        line: the run.
        before: the run that it is compared with; None for a first one.
        error: what ended its training; "" where it ended well.
        reason: why the method was chosen, in words.
        users: judged users; 0 without a verdict.
        split: how folds were cut, in words.
        differences: of what is published.
        expected: of the published lists; None where nothing is known of any window after the run.
        methods: the best first.
        hidden: items that no fit had seen; None where none were hidden.
        attributes: lists of users without a history; None where nobody could have one.
        priors: in the order of the configuration.
        sources: in their order.
        groups: routes and segments.
        gaps: segments beside everyone else, the worst served first.
        exposure: of item groups; None where nothing was measured.
        failed_checks: what admission refused, in words.
        drift: of every column that was compared, the worst first; None where nobody monitored.
        note: what had nothing to be compared with.
        lists: what changed; None where nothing is known of it.
        settings: configuration that differs from the run before.
        importance: share of the ranker's gain by feature, the largest first.
        curves: of the most important features.
        moves: of slots, the oldest first.
        alerts: on the run.
        causes: of what moved with it, in words, the most likely first.
        manifest: of the run, without its verdict.
        evidently: address of its report in Evidently; "" where there is none.
        folder: of its report's files.
    """

    line: RunLine
    before: RunLine | None = None
    error: str = ""
    reason: str = ""
    users: int = 0
    split: str = ""
    differences: tuple[Difference, ...] = ()
    expected: Expectation | None = None
    methods: tuple[MethodFigures, ...] = ()
    hidden: HiddenItems | None = None
    attributes: AttributeLists | None = None
    priors: tuple[PriorLine, ...] = ()
    sources: tuple[SourceLine, ...] = ()
    groups: tuple[GroupFigures, ...] = ()
    gaps: tuple[SegmentGap, ...] = ()
    exposure: Exposure | None = None
    failed_checks: tuple[str, ...] = ()
    drift: tuple[ColumnDrift, ...] | None = None
    note: str = ""
    lists: ListChanges | None = None
    settings: tuple[Setting, ...] = ()
    importance: tuple[tuple[str, float], ...] = ()
    curves: tuple[FeatureCurve, ...] = ()
    moves: tuple[SlotMove, ...] = ()
    alerts: tuple[RunAlert, ...] = ()
    causes: tuple[str, ...] = ()
    manifest: dict[str, Any] = field(default_factory=dict)
    evidently: str = ""
    folder: str = ""


@dataclass(frozen=True)
class RunDocument:
    """Everything that is known of a run, for machines.

    Attributes:
        run_id: its id.
        run: columns of its row, with verdict and manifest.
        figures: rows of `metric`: subject, segment, name, k, value, low, high.
        drift: of every column that was compared; empty without a report.
    """

    run_id: str
    run: dict[str, Any]
    figures: list[tuple[Any, ...]]
    drift: list[dict[str, Any]]
