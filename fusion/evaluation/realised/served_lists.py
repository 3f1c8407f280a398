"""The lists of a run as they were served: own lists, the fallback of others, and blocks."""

from dataclasses import dataclass

import polars as pl

from fusion.lists.business_rules.list_segments import ALL

UNKNOWN = "unknown"
"""Route of a user whom the run does not serve: it never saw them, or left them out."""


@dataclass(frozen=True)
class ServedLists:
    """Everything that decides what a run shows to whom. Ids may have any type.

    Attributes:
        lists: user, item, rank (from 1) of users with a list of their own, the reserve too.
        served: user, route, segment, of every user whom the run serves.
        fallback: segment, item, rank; a list for the segment "all" is among them.
        size: places that are shown.
        blocks: item, user (null: for everyone), `starts` and `until` (ms, null: no border); None
            where nothing was ever blocked.
    """

    lists: pl.DataFrame
    served: pl.DataFrame
    fallback: pl.DataFrame
    size: int
    blocks: pl.DataFrame | None = None

    def moments(self, start: int, end: int) -> list[int]:
        """Return the moments of a span from which on something else is shown.

        Args:
            start: first ms of the span.
            end: first ms after it.

        Returns:
            Ascending: `start`, and when a block begins or ends within the span.
        """
        if self.blocks is None:
            return [start]
        borders = {*self.blocks["starts"], *self.blocks["until"]} - {None}
        within = {moment for moment in borders if start < moment < end}
        return [start, *sorted(within)]

    def shown(self, users: pl.Series, moment: int) -> pl.DataFrame:
        """Return what users were shown at a moment.

        It is their own list without what is blocked, filled up from the reserve; else the fallback
        of their segment; else that of all, as the views of SQL do.

        Args:
            users: distinct ids (n,), named "user".
            moment: ms.

        Returns:
            user, item, place (from 0).
        """
        own = self.lists.join(users.to_frame(), on="user", how="semi")
        blocks = self._active(moment)
        if blocks is not None:
            own = _without(own, blocks)
            personal = blocks.filter(pl.col("user").is_not_null())
            own = own.join(personal, on=["user", "item"], how="anti")
        placed = _first_places(own, "user", self.size)
        others = users.to_frame().join(placed, on="user", how="anti")
        return pl.concat([placed, self.fallback_shown(others["user"], moment)])

    def fallback_shown(self, users: pl.Series, moment: int) -> pl.DataFrame:
        """Return what users would have been shown at a moment, had none of them a list.

        Args:
            users: distinct ids (n,), named "user".
            moment: ms.

        Returns:
            user, item, place (from 0).
        """
        blocks = self._active(moment)
        lists = self.fallback if blocks is None else _without(self.fallback, blocks)
        placed = _first_places(lists, "segment", self.size)
        # All of a segment's list may be blocked.
        has_list = pl.col("segment").is_in(placed["segment"].unique().to_list())
        segment = pl.when(has_list).then("segment").otherwise(pl.lit(ALL)).alias("segment")
        groups = self.groups(users).select("user", segment)
        return groups.join(placed, on="segment").select("user", "item", "place")

    def groups(self, users: pl.Series) -> pl.DataFrame:
        """Return by which route and segment the run serves users.

        Args:
            users: distinct ids (n,), named "user".

        Returns:
            user, route, segment (n,) in the same order; route `UNKNOWN` where it does not.
        """
        joined = users.to_frame().join(self.served, on="user", how="left", maintain_order="left")
        return joined.select("user", pl.col("route").fill_null(UNKNOWN), "segment")

    def _active(self, moment: int) -> pl.DataFrame | None:
        """Blocks that act at a moment; None without any."""
        if self.blocks is None:
            return None
        has_begun = pl.col("starts").is_null() | (pl.col("starts") <= moment)
        is_open = pl.col("until").is_null() | (pl.col("until") > moment)
        active = self.blocks.filter(has_begun & is_open)
        return active if len(active) else None


def _without(lists: pl.DataFrame, blocks: pl.DataFrame) -> pl.DataFrame:
    """Leave out items that are blocked for everyone."""
    return lists.join(blocks.filter(pl.col("user").is_null()), on="item", how="anti")


def _first_places(lists: pl.DataFrame, owner: str, size: int) -> pl.DataFrame:
    """Number the places of each owner's list anew: owner, item, place below `size`."""
    place = pl.int_range(pl.len()).over(owner).alias("place")
    numbered = lists.sort(owner, "rank").select(owner, "item", place)
    return numbered.filter(pl.col("place") < size)
