"""What the page of an item reads: its reach, what brings it, who gets it, and with what."""

import polars as pl

from dashboards.pages.people.item_facts import Bringer, Holder, ItemFacts, Neighbour, Reach
from dashboards.pages.people.user_facts import NamedItem
from flows.session import Session
from flows.steps.site.items.lists import SIZE, lists_of
from flows.steps.site.people_user import MOST_BLOCKS, named_block
from flows.steps.site.titles import titles_of
from storage.reading.people.one_item import ItemPlaces
from storage.reading.people.one_user import RetainedRun, blocks_touching, retained_runs
from storage.schema.row_objects import RunRow

COMPARED_RUNS = 5
MOST_HOLDERS = 20
"""Users that are named: a page shows who gets an item, and is no export of them."""
MOST_LISTS = 300
"""Lists in which neighbours are counted, evenly over those that hold the item."""
MOST_NEIGHBOURS = 10
MOST_BRINGERS = 20
NOBODY = ""
"""No id: blocks of single users are for their pages."""


def item_facts(session: Session, run: RunRow, item: str) -> ItemFacts:
    """Return all that is known of an item.

    Args:
        session: the database and the folder of runs.
        run: the live run.
        item: outside id.
    """
    engine, placement = session.engine, session.placement
    runs = retained_runs(engine, placement, COMPARED_RUNS, run.run_no)
    found = {one.run_no: lists_of(session, one).places(item) for one in runs}
    live = next(one for one in runs if one.run_no == run.run_no)
    lists, places = lists_of(session, live), found[run.run_no]
    users = _evenly(places.places.sort("user_id"), MOST_LISTS)["user_id"].to_list()
    together = lists.together(item, users).head(MOST_NEIGHBOURS)
    reasons = lists.reasons(item, users)
    days = lists.days(item)
    blocks = blocks_touching(engine, placement, NOBODY, [item], MOST_BLOCKS)
    titles = titles_of(session, run, [item, *together["item_id"]])
    return ItemFacts(
        item=NamedItem(item, titles.get(item)),
        run_id=run.run_id,
        is_known=places.is_known,
        reach=[_reach(one, found[one.run_no], run) for one in runs],
        ranks=_ranks(places, run.list_size or SIZE),
        bringers=_bringers(reasons),
        n_explained=len(reasons),
        holders=[Holder(*row) for row in _evenly(places.places.sort("rank"), MOST_HOLDERS).rows()],
        neighbours=[
            Neighbour(NamedItem(other, titles.get(other)), count / len(users))
            for other, count in together.iter_rows()
        ],
        n_lists=len(users),
        days=[] if days is None else days.rows(),
        blocks=[named_block(one, titles) for one in blocks],
    )


def _evenly(frame: pl.DataFrame, most: int) -> pl.DataFrame:
    """Return at most so many rows, evenly over all."""
    step = -(-len(frame) // most) or 1
    return frame.gather_every(step)


def _reach(run: RetainedRun, found: ItemPlaces, live: RunRow) -> Reach:
    ranks = found.places["rank"]
    middle = ranks.median()
    return Reach(
        run.run_id,
        run.as_of,
        run.status,
        run.run_no == live.run_no,
        len(ranks),
        found.of,
        int((ranks == 1).sum()),
        float(middle) if isinstance(middle, int | float) else None,
        found.is_sample,
    )


def _ranks(found: ItemPlaces, size: int) -> list[int]:
    """Count the lists that hold the item at each rank."""
    counts = dict(found.places.group_by("rank").len().iter_rows())
    return [counts.get(rank, 0) for rank in range(1, size + 1)]


def _bringers(reasons: pl.DataFrame) -> list[Bringer]:
    """Gather reasons by their source and words."""
    grouped = reasons.group_by("reason", "source").agg(
        lists=pl.len(), rank=pl.col("source_rank").median(), gain=pl.col("gain").mean()
    )
    ordered = grouped.sort("lists", "reason", "source", descending=[True, False, False])
    rows = ordered.head(MOST_BRINGERS).select("reason", "source", "lists", "rank", "gain").rows()
    return [Bringer(str(reason or ""), *rest) for reason, *rest in rows]
