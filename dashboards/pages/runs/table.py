"""Runs as a table: which of them, in which order, and how the address says so."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from dashboards.language.catalogue import marked
from dashboards.pages.runs.facts import RunLine

PAGE_SIZE = 50
"""Runs on a page."""
FILTERS = {"status": marked("State"), "method": marked("Lists by"), "kind": marked("Kind")}
"""What runs may be filtered by, as names in the address, with their labels."""
SORTS = {
    "created_at": marked("Trained"),
    "as_of": marked("Data up to"),
    "ndcg": "NDCG@10",
    "method": marked("Lists by"),
    "status": marked("State"),
}
"""Columns that runs may be sorted by, with their headings; the first is the default."""
FIRST = "created_at"
MOST_PAGES = 1_000_000
"""Larger numbers are no page of anything, and none that a database would take."""


@dataclass(frozen=True)
class RunQuery:
    """Which runs are asked for.

    Attributes:
        wanted: values by the names of `FILTERS`; what is not there, or "", is every one.
        sort: a key of `SORTS`.
        descending: the largest, or newest, first.
        page: from 1.
    """

    wanted: Mapping[str, str] = field(default_factory=dict)
    sort: str = FIRST
    descending: bool = True
    page: int = 1

    @classmethod
    def of(cls, address: Mapping[str, str]) -> "RunQuery":
        """Read what an address asks for; what makes no sense there is the default.

        Args:
            address: parameters of the query.
        """
        sort, page = address.get("sort", FIRST), address.get("page", "1")
        number = int(page) if page.isascii() and page.isdecimal() and len(page) < 8 else 1
        return cls(
            {name: address[name] for name in FILTERS if address.get(name)},
            sort if sort in SORTS else FIRST,
            address.get("order") != "up",
            min(max(number, 1), MOST_PAGES),
        )

    def sorted_by(self, sort: str) -> str:
        """Return the query of an address that sorts by a column; once more turns it around.

        Args:
            sort: a key of `SORTS`.
        """
        is_same = sort == self.sort
        return replace(self, sort=sort, descending=not (is_same and self.descending), page=1).text

    def at(self, page: int) -> str:
        """Return the query of the address of another page.

        Args:
            page: from 1.
        """
        return replace(self, page=page).text

    @property
    def text(self) -> str:
        """The query of an address that asks for this."""
        said = {**self.wanted, "sort": self.sort, "order": "down" if self.descending else "up"}
        return urlencode({**said, "page": str(self.page)})


@dataclass(frozen=True)
class RunTable:
    """Runs of a placement.

    Attributes:
        lines: those of the page that was asked for.
        total: how many the filter lets through.
        choices: values that occur, by the names of `FILTERS`.
    """

    lines: tuple[RunLine, ...]
    total: int
    choices: Mapping[str, list[str]]

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return max(1, -(-self.total // PAGE_SIZE))
