"""Figures of a run in the parts that its page has: verdict, sources, groups, lists, features."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from dashboards.measures.churn_excess import Churn


@dataclass(frozen=True)
class Estimate:
    """A figure with its interval of 95 %.

    Attributes:
        value: the figure.
        low: lower end; None where it is not known.
        high: upper end.
    """

    value: float
    low: float | None = None
    high: float | None = None

    @property
    def is_above(self) -> bool:
        """Tell whether the whole interval lies above 0."""
        return self.low is not None and self.low > 0

    @property
    def is_below(self) -> bool:
        """Tell whether the whole interval lies below 0."""
        return self.high is not None and self.high < 0


@dataclass(frozen=True)
class Difference:
    """How much better what is published is than something else, over the same users.

    Attributes:
        against: a source, or the id of the run that was live.
        is_live: whether it is the latter.
        estimate: of the difference in NDCG@10.
        users: over how many users.
    """

    against: str
    is_live: bool
    estimate: Estimate
    users: int


@dataclass(frozen=True)
class HiddenRow:
    """How a method ranks items that no fit has seen.

    Attributes:
        name: of the method, or of what stands beside it.
        alone: NDCG@10 among these items.
        among_all: the same among all items.
        behind: the ranker's NDCG@10 among them less its own; None of the ranker itself.
    """

    name: str
    alone: Estimate | None
    among_all: Estimate | None
    behind: Estimate | None


@dataclass(frozen=True)
class HiddenItems:
    """Items hidden from one more fit of every source, and who judged by them.

    Attributes:
        items: how many.
        users: who liked some of them.
        rows: the best first.
        not_asked: sources that a further fit of would have been too dear.
    """

    items: int
    users: int
    rows: tuple[HiddenRow, ...]
    not_asked: tuple[str, ...] = ()


@dataclass(frozen=True)
class ExpectedFigure:
    """A metric of the published lists in the window after a run: before it, and what it was.

    Attributes:
        name: the metric, such as "NDCG@10".
        segment: "all" (users with a history), or a route.
        estimated: of the lists, for users who come back.
        promised: by the verdict.
        realised: once the window has closed.
    """

    name: str
    segment: str
    estimated: Estimate | None
    promised: Estimate | None
    realised: Estimate | None


@dataclass(frozen=True)
class Expectation:
    """What is expected of the published lists.

    Attributes:
        figures: of everybody, then by route.
        days: of the window; None where nothing was estimated.
        users: who are expected to come back; likewise.
        likes: chance of a like at each rank, from 1; empty likewise.
        realised_users: who came back; None until the window has closed.
    """

    figures: tuple[ExpectedFigure, ...]
    days: int | None = None
    users: float | None = None
    likes: tuple[float, ...] = ()
    realised_users: int | None = None


@dataclass(frozen=True)
class MethodFigures:
    """What the verdict says of a method.

    Attributes:
        name: ranker, blend, a source, or random.
        is_chosen: whether it is published.
        ndcg: NDCG@10.
        further: further figures by the names that people read.
    """

    name: str
    is_chosen: bool
    ndcg: Estimate
    further: dict[str, float]


@dataclass(frozen=True)
class SourceFigures:
    """What a source did in a run.

    Attributes:
        found: share of the verdict's labels among its candidates; None where it proposes none.
        alone: labels that no other source proposed.
        ndcg: NDCG@10 of its own lists.
    """

    found: float | None
    alone: int | None
    ndcg: float | None


@dataclass(frozen=True)
class SourceLine:
    """A source, beside what it was in the run before.

    Attributes:
        name: of the source.
        status: "used", or why it is not.
        now: in this run; None where it only was in the run before.
        before: in the run before; None where it was not in it.
        adds: NDCG@10 that is lost without it; None where nobody asked.
    """

    name: str
    status: str
    now: SourceFigures | None
    before: SourceFigures | None
    adds: Estimate | None


@dataclass(frozen=True)
class GroupFigures:
    """Quality for a part of the users.

    Attributes:
        by: `route` or `segment`.
        name: of the part.
        users: judged.
        ndcg: NDCG@10 of what serves them.
        best: the method that was best for them.
        best_ndcg: its NDCG@10.
    """

    by: str
    name: str
    users: int
    ndcg: Estimate
    best: str
    best_ndcg: float


@dataclass(frozen=True)
class ListChanges:
    """How the lists of a run differ from those of the run before.

    Attributes:
        churn: share of a list that changed, beside chance.
        limit: of the excess over chance; None where no alert may be raised.
        figures: figures of the subject `lists`, by name, over all users.
        intervals: of those that have some.
        histograms: shares of users by twentieths of a measure, by its name.
        groups: by, name, users, changed, churn, top1_changed: everyone, routes and segments.
        items: by `gained`, `lost` and `moved`: item_id, title, before, after.
    """

    churn: Churn | None
    limit: float | None
    figures: dict[str, float]
    intervals: dict[str, Estimate] = field(default_factory=dict)
    histograms: dict[str, list[float]] = field(default_factory=dict)
    groups: list[dict[str, Any]] = field(default_factory=list)
    items: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    @property
    def several_groups(self) -> list[dict[str, Any]]:
        """Everyone, and routes and segments where there are several of them.

        A single one would repeat the row of everyone.
        """
        counts = Counter(row["by"] for row in self.groups if row["users"])
        return [
            row
            for row in self.groups
            if row["users"] and (row["by"] == "all" or counts[row["by"]] > 1)
        ]
