"""Runs judged by what happened after them: rows for the table `realised`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from flows.session import Session
from flows.steps.realised.due_runs import Arrived, DueRun, due_runs
from flows.steps.realised.spans import RunSpan
from flows.steps.realised.stored_lists import SqlLists, hashed_lists
from fusion.evaluation.realised.judge_lists import Realised, first_screen_ndcg, judge_lists
from fusion.evaluation.realised.labels import LabelLog, Labels
from fusion.evaluation.realised.served_lists import ServedLists
from fusion.lists.business_rules.list_segments import ALL
from fusion.metrics.bootstrap import Interval
from fusion.runs.manifest import Manifest
from fusion.watching.figures.measuring import WatchedData
from fusion.watching.reading.attribute_table import AttributeTable
from fusion.watching.reading.id_hashes import IdHasher
from storage.schema.row_objects import RunRow
from storage.watches.realised import RealisedRow

MOST_USERS = 20_000
"""Users with a label who are judged, those with the smallest hashes: more of them take longer and
move the mean by thousandths."""
OVER_FALLBACK = "_over_fallback"
"""Ending of the names of what lists have more than the fallback."""
NOBODY = Interval(0.0, 0.0, 1.0)
"""Figure of a span in which nobody had a label: nothing is known."""


def judge_runs(
    session: Session, data: WatchedData, arrived: Arrived, live_no: int | None
) -> list[RealisedRow]:
    """Judge the runs that were live by what has happened since.

    Args:
        session: the database, where lists stand.
        data: all events, and the items' table.
        arrived: up to when everything has arrived.
        live_no: number of the run that is live; None where none is.

    Returns:
        Rows that are new, or take the place of earlier ones.
    """
    due = due_runs(session, arrived, live_no)
    if not due:
        return []
    log = sampled(LabelLog.of(data.log.events, min(one.start for one in due)))
    hasher = IdHasher()
    rows: list[RealisedRow] = []
    for one in due:
        users = log.rows.filter(pl.col("time") >= one.start)["user"].unique()
        stored = SqlLists(session.engine, one.run.run_no)
        served = hashed_lists(session, one.run, stored, users, hasher)
        judge = _RunJudge(session.config.core.seed, data, arrived, one.run, served, log)
        for span in one.spans:
            rows += judge.rows(span)
        if one.days:
            rows.append(judge.daily_row(one))
    return rows


def sampled(log: LabelLog) -> LabelLog:
    """Keep the labels of so many users as can be judged quickly.

    Args:
        log: users as hashes.
    """
    users = log.rows["user"].unique().sort()
    if len(users) <= MOST_USERS:
        return log
    return LabelLog(log.rows.filter(pl.col("user") <= users[MOST_USERS - 1]))


def repeats_seen(run: RunRow) -> bool:
    """Tell whether the lists of a run may show what a user has taken before.

    Args:
        run: its row.
    """
    return not Manifest.of(run.manifest).config.get("lists", {}).get("exclude_seen", True)


def unavailable_at(tables: Sequence[AttributeTable], moment: int) -> pl.Series | None:
    """Return the items that could not be listed at a moment.

    Args:
        tables: of users and items, where there are any.
        moment: ms.

    Returns:
        Hashes (n,); None where all could.
    """
    for table in tables:
        if table.subject != "items":
            continue
        is_away = pl.lit(False)
        if "available_from" in table.frame.columns:
            is_away |= pl.col("available_from").fill_null(moment) > moment
        if "available_until" in table.frame.columns:
            is_away |= pl.col("available_until").fill_null(moment + 1) <= moment
        return table.frame.filter(is_away)["id"]
    return None


@dataclass(frozen=True)
class _RunJudge:
    """Judges one run.

    Attributes:
        seed: of the resamples of users.
        data: with the items' table.
        arrived: up to when everything has arrived.
        run: its row.
        served: its lists.
        log: labels of late.
    """

    seed: int
    data: WatchedData
    arrived: Arrived
    run: RunRow
    served: ServedLists
    log: LabelLog

    def rows(self, span: RunSpan) -> list[RealisedRow]:
        """Return all figures of a horizon."""
        judged = judge_lists(self.served, self._labels(span.start, span.end), self.seed)
        is_early = not self.arrived.has_closed(span.start, span.end)
        return [
            RealisedRow(self.run.run_no, span.horizon, *figure, is_early)
            for figure in _figures(judged)
        ]

    def daily_row(self, due: DueRun) -> RealisedRow:
        """Return the confidence sequence after the days that have closed since."""
        sequence = due.sequence
        for start, end in due.days:
            # By the hash of their id: the order has nothing to do with what users did.
            values = first_screen_ndcg(self.served, self._labels(start, end))
            sequence = sequence.add(values)
        state = {**sequence.as_dict(), "through": due.days[-1][1]}
        interval = sequence.interval
        ends = (interval.value, interval.low, interval.high)
        return RealisedRow(
            self.run.run_no, "daily", ALL, "ndcg", 10, *ends, sequence.n, False, state
        )

    def _labels(self, start: int, end: int) -> Labels:
        unavailable = unavailable_at(self.data.tables, start)
        return self.log.between(start, end, repeats=repeats_seen(self.run), unavailable=unavailable)


Figure = tuple[str, str, int, float, float, float, int]
"""Segment, name, k, value, low, high and users."""


def _figures(judged: Realised) -> Iterator[Figure]:
    if judged.figure(ALL, "ndcg", 10) is None:
        # That a horizon has closed is known all the same.
        yield ALL, "ndcg", 10, NOBODY.value, NOBODY.low, NOBODY.high, 0
    for one in judged.figures:
        for name, interval in ((one.name, one.lists), (one.name + OVER_FALLBACK, one.gap)):
            ends = (interval.value, interval.low, interval.high)
            yield one.segment, name, one.k, *ends, one.users
