"""What was found of lists from attributes, as the manifest stores it."""

from pydantic import Field

from fusion.evaluation.verdict_report import Report
from fusion.lists.cold_users.taste_map import MapSettings
from fusion.metrics.bootstrap import Interval


class ColdUsersReport(Report):
    """Lists from attributes beside the fallback, by users whose history was hidden.

    A row is "attributes", "fallback" (of the user's segment, or of all) or "popularity" (of all).
    """

    columns: tuple[str, ...]
    """Columns of the users file, and vectors of users, that the lists come from."""
    cold: int
    """Users to serve now without an interaction, of whom these columns or a query say anything."""
    wrote: int = 0
    """Those of them who wrote something."""
    limit: int
    """`lists.cold_users`: with more of them no list is stored."""
    users: int = 0
    """Users judged."""
    rows: dict[str, dict[str, Interval]] = Field(default_factory=dict)
    """`ndcg@10`, `recall@20` and `hit@10` by row."""
    gaps: dict[str, dict[str, Interval]] = Field(default_factory=dict)
    """The same metrics of "attributes" less those of each other row, paired."""
    settings: MapSettings | None = None
    """How far attributes are believed, chosen by all users; None where nothing was judged."""
    serves: bool = False
    """Whether cold users get lists from attributes."""
    reason: str
    """Why, for people."""

    @property
    def served(self) -> MapSettings | None:
        """The settings where lists from attributes serve, else None."""
        return self.settings if self.serves else None
