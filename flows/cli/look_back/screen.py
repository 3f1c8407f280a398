"""The screens of `fusion backfill` and `fusion replay`, and what they give to machines."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from flows.cli.screens.tables import plain_table, to_minute
from flows.steps.past.replay import Replayed
from flows.steps.past.summary import PolicyRow
from flows.steps.past.training import PastRun
from flows.steps.run_summaries import run_summary
from fusion.metrics.bootstrap import Interval


def print_backfill(console: Console, runs: Sequence[PastRun]) -> None:
    """Show the runs of past dates.

    Args:
        console: where to show them.
        runs: oldest first.
    """
    table = plain_table("as of", "run", "status", "made", "method", "NDCG@10>")
    for past in runs:
        reported = run_summary(past.run)["reported"]
        table.add_row(
            to_minute(past.run.as_of),
            escape(past.run.run_id),
            past.run.status,
            "before" if past.is_reused else "now",
            escape(past.run.method or ""),
            f"{reported['value']:.4f}" if reported else "",
        )
    console.print(table)
    n_reused = sum(past.is_reused for past in runs)
    console.print(
        f"{len(runs) - n_reused} runs were trained, {n_reused} were there already. What is live "
        "stays live.",
        markup=False,
    )


def backfill_summary(placement: str, runs: Sequence[PastRun]) -> dict[str, Any]:
    """Summarise a backfill for machines.

    Args:
        placement: of the runs.
        runs: oldest first.

    Returns:
        Keys as docs/json.md names them.
    """
    return {
        "placement": placement,
        "runs": [{**run_summary(past.run), "is_reused": past.is_reused} for past in runs],
        "exit_code": int(any(past.run.status == "rejected" for past in runs)),
    }


def print_replay(console: Console, replayed: Replayed, pictures: Sequence[Path]) -> None:
    """Show what policies amount to, side by side.

    Args:
        console: where to show them.
        replayed: the replay.
        pictures: files of its picture; none where none was drawn.
    """
    dates = replayed.dates
    n_windows = replayed.policies[0].windows
    table = plain_table(
        "policy", "trainings>", "refused>", "realised NDCG@10>", "of always>", "stale days>"
    )
    for row in replayed.policies:
        table.add_row(
            escape(row.policy),
            str(row.trainings),
            str(row.refused),
            _interval(row.realised_ndcg, ".4f"),
            _interval(row.of_always, ".3f"),
            "" if row.stale_days is None else f"{row.stale_days:.1f}",
        )
    console.print(table)
    console.print(
        f"{n_windows} windows from {to_minute(dates.first)} to {to_minute(dates.moments[-1])} UTC; "
        "intervals are over windows.",
        markup=False,
    )
    if pictures:
        console.print(f"Picture: {', '.join(map(str, pictures))}", markup=False)
    else:
        console.print("No picture: it needs the extra `dashboards`.", markup=False)
    if replayed.folder:
        console.print(f"Runs and turns stay in {replayed.folder}", markup=False)


def _interval(interval: Interval | None, form: str) -> str:
    if interval is None:
        return ""
    return f"{interval.value:{form}} [{interval.low:{form}}, {interval.high:{form}}]"


def replay_summary(replayed: Replayed, pictures: Sequence[Path]) -> dict[str, Any]:
    """Summarise a replay for machines.

    Args:
        replayed: the replay.
        pictures: files of its picture.

    Returns:
        Keys as docs/json.md names them.
    """
    moments = replayed.dates.moments
    return {
        "from": moments[0],
        "to": moments[-1],
        "every_days": replayed.dates.every / timedelta(days=1),
        "policies": [_policy_summary(row) for row in replayed.policies],
        "turns": replayed.turns,
        "pictures": list(map(str, pictures)),
        "folder": str(replayed.folder) if replayed.folder else None,
    }


def _policy_summary(row: PolicyRow) -> dict[str, Any]:
    ndcg, share = row.realised_ndcg, row.of_always
    return {
        "policy": row.policy,
        "trainings": row.trainings,
        "refused": row.refused,
        "windows": row.windows,
        "realised_ndcg": ndcg.value if ndcg else None,
        "low": ndcg.low if ndcg else None,
        "high": ndcg.high if ndcg else None,
        "of_always": share,
        "stale_days": row.stale_days,
    }
