"""Exposure by item group, as the manifest stores it."""

from pydantic import Field

from fusion.evaluation.verdict_report import Report


class GroupExposure(Report):
    """An item group in the lists, beside the interest that events show in it.

    Shares of groups that overlap, as categories do, add up to more than 1.
    """

    items: int
    """Items of the group."""
    exposure: float
    """Its share of exposure: of 1 / log2(rank + 1), summed over the places that are shown."""
    interest: float
    """Its share of the events of the window."""
    ratio: float | None = None
    """Exposure over interest; None where no event shows any interest."""
    low: float | None = None
    """Lower end of the 95 % interval of the ratio, over resamples of users."""
    high: float | None = None
    """Upper end; None where resamples have no interest at all."""

    def leaves(self, limit: float) -> bool:
        """Say whether the whole interval of the ratio is beyond [1 / limit, limit].

        Args:
            limit: above 1.
        """
        if self.low is None:
            return False
        is_above = self.low > limit
        return is_above or (self.high is not None and self.high < 1 / limit)


class ExposureReport(Report):
    """Exposure of the lists that a run made; empty groups where there is nothing to compare."""

    size: int = 0
    """Places of a list that are shown; the reserve does not count."""
    days: int | None = None
    """Days of the window of events; None where all known events count."""
    users: int = 0
    """Users with a list of their own."""
    events: int = 0
    """Events of the window."""
    groups: dict[str, GroupExposure] = Field(default_factory=dict)
    """By group: "column=value" of the items' categories, "head", "middle", "tail", "new"."""
