"""What was measured of the serving fits, as the manifest stores it.

Nothing here is a figure of quality: the serving ranker has seen the labels it is scored on.
"""

from pydantic import Field

from fusion.evaluation.verdict_report import Report
from fusion.metrics.bootstrap import Interval

MIN_USERS = 10
"""Users with lists of both fits, below which an overlap says nothing."""
MIN_USUAL = 0.1
"""Overlap from one fit to the next, below which a source's lists change by their nature, as those
of what is newest do: then it says nothing of the serving fit."""
BROKEN_SHARE = 0.25
"""Share of its usual overlap below which a serving fit is broken. Healthy ones kept 0.8 or more."""


class RankerReport(Report):
    """A ranker that was fitted on the verdict's table, scored on that same table."""

    users: int
    """Users whose lists were made: a sample of those that the verdict judged."""
    ndcg: float
    """NDCG@10 of its lists, on labels that it was fitted on."""
    source: str
    """The best source of the table, over the same users."""
    source_ndcg: float
    """NDCG@10 of that source's own lists."""
    difference: Interval
    """The ranker minus the source, paired."""

    @property
    def is_broken(self) -> bool:
        """True where it is surely below a source, on labels that it has seen."""
        return self.difference.high < 0


class SourceReport(Report):
    """A source's serving fit beside its fit on the verdict fold, for the same histories."""

    users: int
    """Users compared: a sample of those of the verdict's table with a list there."""
    overlap: float
    """Mean share of a user's ten items of the verdict's fit that the serving fit lists too."""
    silent: float
    """Share of users for whom the serving fit lists nothing."""
    lists: int
    """Different lists among those users, where the items of a history may be listed again."""
    usual: float | None = None
    """`overlap` one fold earlier: of the verdict's fit with that on the newest label fold."""
    usual_silent: float | None = None
    """`silent` one fold earlier."""
    usual_lists: int | None = None
    """`lists` one fold earlier."""

    @property
    def kept(self) -> float | None:
        """Overlap as a share of the usual one; None where it cannot be judged."""
        if self.usual is None or self.usual < MIN_USUAL or self.users < MIN_USERS:
            return None
        return self.overlap / self.usual


class ServingReport(Report):
    """The serving fits of a run."""

    ranker: RankerReport | None = None
    """The ranker that serves; None where another method was chosen."""
    twin: RankerReport | None = None
    """Its twin; None where there is none."""
    sources: dict[str, SourceReport] = Field(default_factory=dict)
    """Sources that the method uses, by name."""

    @property
    def has_floor(self) -> bool:
        """True where there is a twin that may say what chance alone changes."""
        return self.twin is not None and not self.twin.is_broken
