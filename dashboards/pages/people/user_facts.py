"""What is known of users, as their pages show it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class UsersFacts:
    """What the page shows before somebody asks for a user.

    Attributes:
        run_id: the live run.
        routes: route -> ids of some users that it serves so.
        segments: segments with a fallback of their own, `all` among them.
        has_pseudonyms: runs know users by pseudonyms, so that examples are such.
    """

    run_id: str
    routes: Mapping[str, Sequence[str]]
    segments: Sequence[str]
    has_pseudonyms: bool


@dataclass(frozen=True)
class NamedItem:
    """An item.

    Attributes:
        item_id: outside id.
        title: its text; None where the data has none.
    """

    item_id: str
    title: str | None


@dataclass(frozen=True)
class Reason:
    """Why an item is listed.

    Attributes:
        text: in words.
        source: that proposes it; None for a feature of the item, or a rule.
        source_rank: where the source ranks it.
        gain: what the ranker's score gains by it; None where it did not weigh it.
    """

    text: str
    source: str | None
    source_rank: int | None
    gain: float | None


@dataclass(frozen=True)
class Listed:
    """A place of a list.

    Attributes:
        rank: from 1.
        item: that stands there.
        reasons: that moved its score, the strongest first; all where nothing weighed them.
        also: further sources that propose it, and did not move the score.
    """

    rank: int
    item: NamedItem
    reasons: Sequence[Reason] = ()
    also: Sequence[Reason] = ()


@dataclass(frozen=True)
class ComparedRun:
    """A run that holds a list of the user.

    Attributes:
        run_id: outside name.
        as_of: up to when it knew data.
        status: `ready` or `rejected`.
        is_live: it is what is shown.
    """

    run_id: str
    as_of: datetime | None
    status: str
    is_live: bool


@dataclass(frozen=True)
class ComparedItem:
    """An item in the lists of several runs.

    Attributes:
        item: that is compared.
        ranks: its place in the list of each run, in their order; None where it is not listed.
    """

    item: NamedItem
    ranks: Sequence[int | None]


@dataclass(frozen=True)
class Block:
    """A row of `blocked_item` that concerns a user.

    Attributes:
        item: that it hides.
        is_personal: from this user alone, and not from everyone.
        is_active: now.
        starts_at: as it was written; None for at once.
        until: likewise; None for ever.
        reason: as it was written.
        by: who wrote it.
    """

    item: NamedItem
    is_personal: bool
    is_active: bool
    starts_at: str | None
    until: str | None
    reason: str | None
    by: str | None


@dataclass(frozen=True)
class PastEvent:
    """An event of a user.

    Attributes:
        item: that they met.
        at: when; None where the data has no times.
        weight: such as a rating; None where the data has none.
    """

    item: NamedItem
    at: datetime | None
    weight: float | None


@dataclass(frozen=True)
class History:
    """The last events of a user, as a run knew them.

    Attributes:
        run_id: the run.
        as_of: up to when it knew data.
        events: the newest first.
    """

    run_id: str
    as_of: datetime | None
    events: Sequence[PastEvent]


@dataclass(frozen=True)
class UserFacts:
    """All that is known of a user.

    Attributes:
        user: the id that was asked for.
        stored: the id under which runs know them; another where `[data] pseudonyms` is on.
        run_id: the live run.
        method: that made its lists.
        as_of: up to when it knew data.
        route: `warm`, `sparse` or `cold`; None for a user whom the run does not know.
        segment: whose fallback stands in for a list; None for that of everyone.
        served_by: `list`, `segment` or `all`; None where every item is blocked.
        listed: what they are shown, by rank.
        missing: a sentence about reasons that are not stored; "" where all are.
        fallback: what they would be shown without a list of their own.
        fallback_segment: whose fallback that is.
        runs: retained runs, newest first.
        compared: items of their lists, those of the live list first.
        blocks: that concern them, newest first.
        stores_history: `[lists] history` asks for histories now.
        history: what is stored of them; None where nothing is.
    """

    user: str
    stored: str
    run_id: str
    method: str | None
    as_of: datetime | None
    route: str | None
    segment: str | None
    served_by: str | None
    listed: Sequence[Listed]
    missing: str
    fallback: Sequence[NamedItem]
    fallback_segment: str | None
    runs: Sequence[ComparedRun]
    compared: Sequence[ComparedItem]
    blocks: Sequence[Block]
    stores_history: bool
    history: History | None

    @property
    def is_known(self) -> bool:
        """Tell whether the live run knows the user."""
        return self.route is not None

    @property
    def largest_gain(self) -> float:
        """The largest gain of a reason by its size, to which bars are drawn; 0 without any."""
        gains = [abs(one.gain) for row in self.listed for one in row.reasons if one.gain]
        return max(gains, default=0.0)

    @property
    def n_kept(self) -> int | None:
        """How many items of the live list the run before it listed; None without such a run."""
        is_live = [one.is_live for one in self.runs]
        position = is_live.index(True) if True in is_live else len(self.runs)
        if position + 1 >= len(self.runs):
            return None
        pairs = [one.ranks[position : position + 2] for one in self.compared]
        return sum(None not in pair for pair in pairs)
