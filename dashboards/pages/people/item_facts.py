"""What is known of items, as their pages show it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from dashboards.pages.people.user_facts import Block, NamedItem


@dataclass(frozen=True)
class Reach:
    """How far an item reaches in a run.

    Attributes:
        run_id: outside name.
        as_of: up to when it knew data.
        status: `ready` or `rejected`.
        is_live: it is what is shown.
        lists: that hold the item.
        of: lists that were looked at.
        first: lists that it stands at the top of.
        middle: its middle rank; None where no list holds it.
        is_sample: further lists were not looked at.
    """

    run_id: str
    as_of: datetime | None
    status: str
    is_live: bool
    lists: int
    of: int
    first: int
    middle: float | None
    is_sample: bool

    @property
    def share(self) -> float:
        """The share of the lists that hold it."""
        return self.lists / self.of if self.of else 0.0


@dataclass(frozen=True)
class Bringer:
    """What brings an item into lists.

    Attributes:
        reason: in words.
        source: that proposes it; None for what the ranker likes about it, or a rule.
        lists: of which this is a reason.
        rank: middle rank that the source gives it.
        gain: mean gain of the ranker's score, over the lists where it weighed this; None for none.
    """

    reason: str
    source: str | None
    lists: int
    rank: float | None
    gain: float | None


@dataclass(frozen=True)
class Holder:
    """A user whose list holds an item.

    Attributes:
        user: the id under which runs know them.
        rank: of the item in their list.
    """

    user: str
    rank: int


@dataclass(frozen=True)
class Neighbour:
    """An item that stands in lists together with another.

    Attributes:
        item: the item.
        share: of the lists with the other that hold it.
    """

    item: NamedItem
    share: float


@dataclass(frozen=True)
class ItemFacts:
    """All that is known of an item.

    Attributes:
        item: the item.
        run_id: the live run.
        is_known: the live run knows it; None where nothing here can say.
        reach: in retained runs, newest first; the live one is among them.
        ranks: lists of the live run that hold it at each rank, from 1.
        bringers: what brings it, the most frequent first.
        n_explained: reasons that this rests on.
        holders: some users who get it.
        neighbours: items listed together with it.
        n_lists: lists with it that neighbours were counted in.
        days: events by day, among the last events of each user; empty where nothing says.
        blocks: of it, newest first.
    """

    item: NamedItem
    run_id: str
    is_known: bool | None
    reach: Sequence[Reach]
    ranks: Sequence[int]
    bringers: Sequence[Bringer]
    n_explained: int
    holders: Sequence[Holder]
    neighbours: Sequence[Neighbour]
    n_lists: int
    days: Sequence[tuple[date, int]]
    blocks: Sequence[Block]

    @property
    def live(self) -> Reach:
        """How far it reaches in the live run."""
        return next(one for one in self.reach if one.is_live)


@dataclass(frozen=True)
class ItemsFacts:
    """What the page shows before somebody asks for an item.

    Attributes:
        run_id: the live run.
        matches: items whose title holds what was asked for.
        is_cut: there are more.
        most_listed: items with the number of lists that hold them, the most frequent first.
        of: lists that were looked at.
        can_search: titles are here.
        is_item: what was asked for is an id.
    """

    run_id: str
    matches: Sequence[NamedItem]
    is_cut: bool
    most_listed: Sequence[tuple[NamedItem, int]]
    of: int
    can_search: bool
    is_item: bool
