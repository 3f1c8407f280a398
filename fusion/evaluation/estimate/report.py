"""What published lists are expected to be worth, as the manifest stores it."""

from pydantic import Field

from fusion.evaluation.verdict_report import Report


class EstimateFigure(Report):
    """A metric that is expected of the users who come back."""

    value: float
    """Its mean."""
    low: float | None = None
    """Lower end of the 95 % prediction interval of a new window; None where too little is known of
    how windows differ."""
    high: float | None = None
    """Upper end; likewise."""


class SegmentEstimate(Report):
    """What a part of the users is expected to make of its lists."""

    users: float
    """Users who are expected to come back within the window."""
    share: float
    """Their share of all who are expected."""
    ideal: float
    """What DCG is divided by to become NDCG: about the mean DCG of a perfect list in the verdict's
    window."""
    likes: list[float]
    """Chance that a user who comes back likes what stands at each rank, from 1."""
    figures: dict[str, EstimateFigure]
    """`precision`, `dcg` and `ndcg` of the first `k` places."""


class CrossFit(Report):
    """A past window, as the other one expected it."""

    fold: str
    """Whose lists are judged."""
    users: int
    """Users with a label and a history."""
    expected: dict[str, float]
    """Mean of each metric, by chances that were fitted on the other window."""
    observed: dict[str, float]
    """What it was."""


class EstimateReport(Report):
    """What the lists of a run are expected to be worth before anybody has seen them."""

    days: int
    """Days of the window."""
    k: int
    """Places that count."""
    lists: int
    """Users with a list, of whom `sampled` were looked at."""
    sampled: int
    fitted: dict[str, int]
    """Users of each past window that the chances were fitted on."""
    windows: int = 0
    """Past windows by which it is known how much windows differ."""
    weights: dict[str, float]
    """Of the logistic regression, by feature."""
    segments: dict[str, SegmentEstimate]
    """"all", and each route with lists."""
    cross_fitted: list[CrossFit] = Field(default_factory=list)
    """Each past window by the chances of the others; none with a single window."""
