"""Segments with a fallback list of their own, and the one whose list serves each user."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from fusion.core.arrays import Flags
from fusion.data.dataset import Dataset
from fusion.data.segments import user_segments
from fusion.lists.business_rules.compiled_rules import AllowList, Rules

ALL = "all"
"""The segment of everyone; its list always exists."""


@dataclass(frozen=True)
class FallbackSegment:
    """A segment with a list.

    Attributes:
        name: "column=value"; of users under several allow lists all of them, joined by commas.
        values: each "column=value" whose rules the list follows; none for everyone.
        users: its members (U,), of whose interactions the list is made.
    """

    name: str
    values: tuple[str, ...]
    users: Flags


def fallback_segments(data: Dataset, rules: Rules | None) -> list[FallbackSegment]:
    """Return the segments that have a fallback list, everyone's first, then by name.

    They are the values of the first category column of the users, every segment that an allow list
    is for, and every set of such segments that some user is in.

    Args:
        data: users with their categories.
        rules: what lists follow; None without rules.
    """
    own = user_segments(data)
    segments = {}
    for name in set(own.drop_nulls()):
        members = (own == name).fill_null(False).to_numpy()
        segments[name] = FallbackSegment(name, (name,), members)
    for lists in _allow_lists_together(rules):
        one = _under(lists)
        segments.setdefault(one.name, one)
    everyone = FallbackSegment(ALL, (), np.ones(data.n_users, bool))
    return [everyone, *(segments[name] for name in sorted(segments))]


def serving_segments(data: Dataset, rules: Rules | None) -> pl.Series:
    """Return the segment whose fallback list serves each user.

    A user under an allow list for a segment is served by that segment's list, whatever the first
    category column says of them: no other list keeps to what they may be shown.

    Args:
        data: users with their categories.
        rules: what lists follow; None without rules.

    Returns:
        (U,) names as in `fallback_segments`; `ALL` where a user is in no segment.
    """
    names = user_segments(data).fill_null(ALL).to_numpy().astype(object)
    # From single lists to all of a user's together, so that the most of them has the last word.
    for lists in sorted(_allow_lists_together(rules), key=len):
        one = _under(lists)
        names[one.users] = one.name
    return pl.Series(names, dtype=pl.String)


def _allow_lists_together(rules: Rules | None) -> list[tuple[AllowList, ...]]:
    """Return each allow list for a segment alone, and all sets of them that some user is under."""
    aimed = [entry for entry in rules.allow if entry.segment] if rules else []
    if not aimed:
        return []
    together: list[tuple[AllowList, ...]] = [(entry,) for entry in aimed]
    members = np.column_stack([entry.users for entry in aimed])
    for flags in np.unique(members, axis=0):
        if flags.sum() > 1:
            together.append(tuple(aimed[index] for index in np.flatnonzero(flags)))
    return together


def _under(lists: Sequence[AllowList]) -> FallbackSegment:
    """Return the segment of the users who are under all of some allow lists."""
    values = tuple(str(entry.segment) for entry in lists)
    users = np.logical_and.reduce([entry.users for entry in lists])
    return FallbackSegment(", ".join(values), values, users)
