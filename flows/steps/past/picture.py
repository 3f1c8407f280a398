"""The picture of a replay, drawn where the dashboards are installed."""

from pathlib import Path

from dashboards.plots.policies import PolicyLine, draw_policies
from flows.steps.past.replay import Replayed


def draw_replay(replayed: Replayed, place: Path) -> list[Path]:
    """Draw a replay as PNG and SVG.

    Args:
        replayed: the turns, and what they amount to.
        place: path without an ending.

    Returns:
        The files.
    """
    lines = []
    for row in replayed.policies:
        turns = [turn for turn in replayed.turns if turn.policy == row.policy]
        ndcg = row.realised_ndcg
        mean = f", NDCG@10 {ndcg.value:.4f}" if ndcg else ""
        times = "once" if row.trainings == 1 else f"{row.trainings} times"
        lines.append(
            PolicyLine(
                label=f"{row.policy}: trained {times}{mean}",
                windows=[turn.at for turn in turns],
                ndcg=[turn.ndcg for turn in turns],
                trained=[turn.at for turn in turns if turn.due],
            )
        )
    dates = replayed.dates
    title = f"Policies from {dates.first:%Y-%m-%d} to {dates.last:%Y-%m-%d}"
    return draw_policies(lines, title, place)
