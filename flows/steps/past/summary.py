"""What policies amount to, side by side: trainings, realised NDCG@10, age of what was served."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from flows.steps.past.policies import ALWAYS
from flows.steps.past.replay_folder import Turn
from fusion.metrics.bootstrap import Interval, resampled_means

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PolicyRow:
    """One policy in figures.

    Attributes:
        policy: its name.
        trainings: how often it trained, the first time included.
        refused: how many of these were not shown.
        windows: judged windows, the same for all policies.
        realised_ndcg: mean over them of the mean NDCG@10 of users; None without judged windows.
        of_always: the same as a share of that of training at each date, window by window.
        stale_days: mean age in days of what the served lists knew, over the judged time.
    """

    policy: str
    trainings: int
    refused: int
    windows: int
    realised_ndcg: Interval | None
    of_always: Interval | None
    stale_days: float | None


def policy_rows(turns: Sequence[Turn], every: timedelta, seed: int) -> list[PolicyRow]:
    """Sum up the turns of a replay.

    Only windows count in which every policy served lists and users had labels. Intervals are
    percentiles over resamples of windows, the same ones for all policies: they say how the means
    of as many other windows would vary. Where lists grow old over the windows, that counts as well.

    Args:
        turns: all of them.
        every: from one date to the next.
        seed: of the resamples.

    Returns:
        A row for each policy, in the order of their first turns.
    """
    by_policy: dict[str, dict[object, Turn]] = {}
    for turn in turns:
        by_policy.setdefault(turn.policy, {})[turn.at] = turn
    dates = sorted({turn.at for turn in turns})
    judged = [date for date in dates if all(_is_judged(of.get(date)) for of in by_policy.values())]
    figures = np.array(
        [[of[date].ndcg for of in by_policy.values()] for date in judged], np.float64
    ).reshape(len(judged), len(by_policy))
    draws = resampled_means(figures, seed) if judged else figures
    names = list(by_policy)
    rows = []
    for column, (name, of) in enumerate(by_policy.items()):
        trained = [turn for turn in of.values() if turn.due]
        rows.append(
            PolicyRow(
                policy=name,
                trainings=len(trained),
                refused=sum(turn.status != "ready" for turn in trained),
                windows=len(judged),
                realised_ndcg=_mean(figures[:, column], draws[:, column]),
                of_always=_share(figures, draws, column, names.index(ALWAYS)),
                stale_days=_stale_days([of[date] for date in judged], every),
            )
        )
    return rows


def _is_judged(turn: Turn | None) -> bool:
    return turn is not None and turn.ndcg is not None


def _mean(values: Floats, draws: Floats) -> Interval | None:
    return Interval.of(float(values.mean()), draws) if len(values) else None


def _share(figures: Floats, draws: Floats, column: int, base: int) -> Interval | None:
    """Return a policy's mean as a share of another's, over the same resamples."""
    if not len(figures) or not figures[:, base].any():
        return None
    share = figures[:, column].mean() / figures[:, base].mean()
    # Few windows, one of them without any hit: a resample may hold that one alone.
    has_share = draws[:, base] > 0
    return Interval.of(float(share), draws[has_share, column] / draws[has_share, base])


def _stale_days(turns: Sequence[Turn], every: timedelta) -> float | None:
    """Return the mean age of what was served over the windows, each of which lasts as long."""
    ages = [turn.at - turn.served_as_of for turn in turns if turn.served_as_of]
    if not ages:
        return None
    # Within a window it grows by the window's length, on the mean by half of it.
    mean = sum(ages, timedelta()) / len(ages) + every / 2
    return mean / timedelta(days=1)
