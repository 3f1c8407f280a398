"""Exposure and gaps of a run, in the parts that its page has."""

from dataclasses import dataclass
from datetime import datetime

from dashboards.pages.runs.figures import Estimate

POPULARITY_GROUPS = ("tail", "new", "middle", "head")
"""Groups that every data set has, the one that lists are most often unfair to first."""


@dataclass(frozen=True)
class ItemGroup:
    """An item group in the lists, beside the interest in it.

    Attributes:
        name: of the group.
        items: how many it has.
        exposure: its share of exposure.
        interest: its share of events.
        ratio: of the two; None where no event shows any interest.
        before: the ratio in the run before; None where there was none.
    """

    name: str
    items: int
    exposure: float
    interest: float
    ratio: Estimate | None
    before: float | None = None


@dataclass(frozen=True)
class ExposureLimit:
    """A limit of exposure, and what became of it.

    Attributes:
        rule: in words.
        before: share without it.
        share: share in the lists.
        kept: whether that is what was asked for.
    """

    rule: str
    before: float
    share: float
    kept: bool


@dataclass(frozen=True)
class PastExposure:
    """Exposure in the lists of a run, for how it moved.

    Attributes:
        at: up to when the run knew data.
        ratios: share of exposure over share of events, by group.
    """

    at: datetime
    ratios: dict[str, float]


@dataclass(frozen=True)
class Exposure:
    """Exposure of a run's lists.

    Attributes:
        size: places of a list that count.
        days: of events; None where all known events count.
        groups: in the order of the report.
        limit: times that the gate lets a ratio be, or one over that; None for any.
        limits: as in the rules file.
        cost: NDCG@10 with the limits minus without; None where there is no limit.
        past: of this run and those before it, the oldest first.
    """

    size: int
    days: int | None
    groups: tuple[ItemGroup, ...]
    limit: float | None = None
    limits: tuple[ExposureLimit, ...] = ()
    cost: Estimate | None = None
    past: tuple[PastExposure, ...] = ()


@dataclass(frozen=True)
class SegmentGap:
    """A segment beside everyone else.

    Attributes:
        name: of the segment.
        users: judged.
        gap: its NDCG@10 minus everyone else's; the interval is corrected for all segments.
        chance: of so large a gap without any, corrected likewise.
    """

    name: str
    users: int
    gap: Estimate
    chance: float
