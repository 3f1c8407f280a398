"""Guesses of what the columns of a table mean, by their names and by a sample of their cells."""

from dataclasses import dataclass

import polars as pl

from fusion.errors import ConfigError
from fusion.ingest.cell_parsing import numbers
from fusion.ingest.guess.cell_kinds import could_be_id, holds_events, is_number, is_time
from fusion.ingest.guess.vocabulary import (
    EVENT,
    ITEM,
    TIME,
    TITLE,
    USER,
    WEIGHT,
    name_score,
    words_in,
)

MAX_EVENTS = 20
"""Different values above which a column is no kind of event."""
LARGEST_RATING = 10
MAX_RATINGS = 21
"""Ratings without a name: at most ten stars by halves, and 0."""
TITLE_PENALTY = 2
"""Taken from the score of a title: "movie title" names a movie, and is no id of it."""


@dataclass(frozen=True)
class Roles:
    """Columns of interactions by role.

    Attributes:
        user: column of the user's id.
        item: column of the item's id.
        time: column of the moment; None for the roles that no column has.
        weight: column of a number that says how much.
        event: column of the kind of event.
        reasons: a sentence for each that was chosen in another way than by its name.
    """

    user: str
    item: str
    time: str | None
    weight: str | None
    event: str | None
    reasons: tuple[str, ...] = ()

    def named(self) -> dict[str, str]:
        """Map the roles that have a column to its name."""
        by_role = {
            "user": self.user,
            "item": self.item,
            "time": self.time,
            "weight": self.weight,
            "event": self.event,
        }
        return {role: name for role, name in by_role.items() if name is not None}


def guess_roles(sample: pl.DataFrame, has_names: bool = True) -> Roles:
    """Choose the columns of user and item, and of what else there is.

    Args:
        sample: first rows of the interactions.
        has_names: False where columns are called by their positions.

    Returns:
        The columns by role.

    Raises:
        ConfigError: no two columns could be user and item.
    """
    search = _RoleSearch(sample)
    # The order decides who gets a column that fits two roles.
    user = search.claim(by_name(search.free, USER))
    item = search.claim(by_name(search.free, ITEM))
    time = search.claim(search.time())
    weight = search.claim(search.weight() if has_names else search.ratings())
    event = search.claim(search.event())
    user = user or search.claim_id("user")
    item = item or search.claim_id("item")
    return Roles(user, item, time, weight, event, tuple(search.reasons))


def by_name(columns: list[str], words: frozenset[str]) -> str | None:
    """Choose the column whose name fits a set of words best.

    Args:
        columns: names to choose from.
        words: a set of `vocabulary`.

    Returns:
        The first of the best; None where none fits.
    """
    best = None
    best_score = 0
    for column in columns:
        is_title = not TITLE.isdisjoint(words_in(column))
        score = name_score(column, words) - TITLE_PENALTY * is_title
        if score > best_score:
            best, best_score = column, score
    return best


class _RoleSearch:
    """The columns that no role has yet, and reasons for those that were not chosen by name."""

    def __init__(self, sample: pl.DataFrame) -> None:
        self.sample = sample
        self.free = list(sample.columns)
        self.reasons: list[str] = []

    def claim(self, name: str | None) -> str | None:
        """Take a column out of the free ones.

        Args:
            name: the column; None takes nothing.

        Returns:
            The same.
        """
        if name is not None:
            self.free.remove(name)
        return name

    def time(self) -> str | None:
        """The column with the best name for times, else the first that can only hold times."""
        named = list(filter(self._is_named_time, self.free))
        if named:
            return max(named, key=lambda column: name_score(column, TIME))
        for column in self.free:
            if is_time(self.sample[column], named=False):
                self.reasons.append(
                    f"No name says which column is the time; what {column!r} holds reads as times."
                )
                return column
        return None

    def _is_named_time(self, column: str) -> bool:
        return name_score(column, TIME) > 0 and is_time(self.sample[column], named=True)

    def weight(self) -> str | None:
        """The column of numbers with the best name for weights."""
        of_numbers = [column for column in self.free if is_number(self.sample[column])]
        return by_name(of_numbers, WEIGHT)

    def ratings(self) -> str | None:
        """The first column that holds ratings by its cells: few numbers on a short scale."""
        for column in self.free:
            cells = self.sample[column]
            if is_number(cells) and 2 <= cells.n_unique() <= MAX_RATINGS:
                values = numbers(cells).drop_nulls()
                if values.is_between(0, LARGEST_RATING).all():
                    self.reasons.append(
                        f"No name says which column is the weight; what {column!r} holds reads as "
                        "ratings."
                    )
                    return column
        return None

    def event(self) -> str | None:
        """The column of few values with the best name for events, else one that holds only such."""
        # One value only says nothing; many are free text, or ids of sessions.
        with_few_values = []
        for column in self.free:
            if 2 <= self.sample[column].n_unique() <= MAX_EVENTS:
                with_few_values.append(column)
        named = by_name(with_few_values, EVENT)
        if named is not None:
            return named
        for column in with_few_values:
            if holds_events(self.sample[column]):
                self.reasons.append(
                    f"No name says which column is the event; what {column!r} holds are events."
                )
                return column
        return None

    def claim_id(self, role: str) -> str:
        """Take the first column that could be an id.

        Args:
            role: of the column, for the sentence about it.

        Returns:
            Its name.

        Raises:
            ConfigError: no free column could be one.
        """
        for column in self.free:
            if could_be_id(self.sample[column]):
                self.free.remove(column)
                self.reasons.append(
                    f"No name says which column is the {role}; "
                    f"{column!r} is the first that could be."
                )
                return column
        known = ", ".join(map(repr, self.sample.columns))
        raise ConfigError(
            f"no column could be the {role}; there are {known}. Call the right one {role!r} in the "
            "file, or name another file."
        )
