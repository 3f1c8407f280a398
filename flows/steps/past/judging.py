"""Judge the lists of a run by what happened in the window that followed."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

import polars as pl

from flows.session import Session
from flows.steps.train.row_export import fallback_rows, list_blocks, served_rows
from fusion.core.arrays import Scores
from fusion.data.dataset import Dataset
from fusion.evaluation.realised.judge_lists import first_screen_ndcg
from fusion.evaluation.realised.labels import LabelLog
from fusion.evaluation.realised.served_lists import ServedLists
from fusion.runs.run_folder import folder_of


@dataclass(frozen=True)
class Judge:
    """All events of the data, by which lists are judged.

    Attributes:
        data: the whole of it.
        since: aware time before which no window begins.
        repeats: whether lists may show what a user has taken before.
    """

    data: Dataset
    since: datetime
    repeats: bool

    @cached_property
    def log(self) -> LabelLog:
        """The liked events, looked up once for all windows."""
        data = self.data
        events = pl.DataFrame(
            {
                "user": data.user_ids.values.gather(data.users),
                "item": data.item_ids.values.gather(data.items),
                "time": data.times,
                "liked": data.liked,
            }
        )
        return LabelLog.of(events, _ms(self.since))

    def judge(self, session: Session, run_id: str, start: datetime, end: datetime) -> Scores:
        """Judge a run's lists by the labels of a window.

        Args:
            session: whose folder holds the run.
            run_id: of the run.
            start: aware time at which the window begins.
            end: aware time at which it ends.

        Returns:
            NDCG@10 (n,) of each user with a history and a label, in the order of their ids.
        """
        can_be_listed = self.data.listable(_ms(start))
        unavailable = self.data.item_ids.values.filter(~pl.Series(can_be_listed))
        labels = self.log.between(
            _ms(start), _ms(end), repeats=self.repeats, unavailable=unavailable
        )
        folder = folder_of(session.runs, run_id)
        served = served_lists(folder, session.config.lists.size)
        return first_screen_ndcg(served, labels)


def served_lists(folder: Path, size: int) -> ServedLists:
    """Return what a run shows to whom, where nothing was ever blocked.

    Args:
        folder: of the run.
        size: places that are shown.
    """
    own = {"user_id": "user", "item_id": "item"}
    blocks = [block.select("user_id", "item_id", "rank") for block in list_blocks(folder)]
    return ServedLists(
        lists=pl.concat(blocks).rename(own),
        served=served_rows(folder).rename({"user_id": "user"}),
        fallback=fallback_rows(folder).select("segment", pl.col("item_id").alias("item"), "rank"),
        size=size,
    )


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
