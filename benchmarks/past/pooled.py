"""Several replays as one table: means over all their windows, in shares of training always."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from flows.steps.past.policies import ALWAYS
from flows.steps.past.replay import Replayed
from fusion.metrics.bootstrap import Interval, resampled_means


@dataclass(frozen=True)
class PooledRow:
    """A policy over several replays.

    Attributes:
        policy: its name.
        trainings: of all replays.
        trained_share: the same as a share of those of training always.
        ndcg: mean realised NDCG@10 over all windows.
        share: the same as a share of training always, over the same resamples of windows.
        stale_days: mean age of what was served.
        users: fewest users of a window.
    """

    policy: str
    trainings: int
    trained_share: float
    ndcg: float
    share: Interval
    stale_days: float
    users: int


def pool(replays: Sequence[Replayed], seed: int = 1) -> list[PooledRow]:
    """Put the windows of several replays together.

    Args:
        replays: with the same policies each.
        seed: of the resamples.
    """
    names = [row.policy for row in replays[0].policies]
    ndcg: dict[str, list[float]] = {name: [] for name in names}
    users = []
    for replayed in replays:
        for turn in replayed.turns:
            ndcg[turn.policy].append(float("nan") if turn.ndcg is None else turn.ndcg)
            users.append(turn.users)
    figures = np.array([ndcg[name] for name in names]).T
    figures = figures[~np.isnan(figures).any(axis=1)]
    draws = resampled_means(figures, seed)
    base = names.index(ALWAYS)
    rows = []
    for column, name in enumerate(names):
        own = [row for replayed in replays for row in replayed.policies if row.policy == name]
        always = [row for replayed in replays for row in replayed.policies if row.policy == ALWAYS]
        trainings = sum(row.trainings for row in own)
        mean = float(figures[:, column].mean())
        share = mean / float(figures[:, base].mean())
        rows.append(
            PooledRow(
                policy=name,
                trainings=trainings,
                trained_share=trainings / sum(row.trainings for row in always),
                ndcg=mean,
                share=Interval.of(share, draws[:, column] / draws[:, base]),
                stale_days=float(np.mean([row.stale_days for row in own])),
                users=min(users),
            )
        )
    return rows


def print_pooled(rows: Sequence[PooledRow]) -> None:
    """Print the rows as Markdown.

    Args:
        rows: one a policy.
    """
    print("| policy | trainings | of those of always | realised NDCG@10 | of always | stale days |")
    print("| --- | --- | --- | --- | --- | --- |")
    for row in rows:
        share = f"{row.share.value:.3f} [{row.share.low:.3f}, {row.share.high:.3f}]"
        print(
            f"| {row.policy} | {row.trainings} | {row.trained_share:.2f} | {row.ndcg:.4f} "
            f"| {share} | {row.stale_days:.1f} |"
        )
    print(f"\nat least {min(row.users for row in rows)} users with a label in each window")
