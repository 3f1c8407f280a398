"""Outcomes of verbs for machines: the keys that `--json` gives, as docs/json.md names them.

Light on purpose: `fusion rollback` imports this.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what trains takes seconds to import
    from flows.steps.publish.publish import Published
    from flows.steps.retrain.loop import Outcome
    from flows.steps.train.train import TrainedRun
    from flows.steps.watch.monitor import Monitored
    from storage.schema.row_objects import Move

SOURCE_KEYS = ("name", "status", "cause", "seconds", "contribution")
"""Keys of a source's row in the manifest that an answer repeats."""


def outcome_summary(outcome: "Outcome") -> dict[str, Any]:
    """Summarise a turn of the loop.

    Args:
        outcome: of the turn.

    Returns:
        Keys as docs/json.md names them; None for steps that were not reached.
    """
    trained, published, monitored = outcome.trained, outcome.published, outcome.monitored
    pruned = outcome.pruned
    return {
        "exit_code": outcome.exit_code,
        "due": outcome.due,
        "run": _run_summary(trained) if trained else None,
        "published": published is not None and not published.is_challenger,
        "held": published is not None and published.is_challenger,
        "replaced": published.replaced if published else None,
        "refusals": outcome.refusals,
        "verdict": trained.manifest["verdict"] if trained else None,
        "sources": _source_rows(trained.manifest) if trained else None,
        "findings": trained.findings if trained else None,
        "monitor_status": outcome.monitor_status,
        "monitor": monitoring_summary(monitored) if monitored else None,
        "monitor_error": outcome.monitor_error,
        "pruned": [run.run_id for run in pruned.runs] if pruned else None,
        "profile": outcome.profile,
    }


def _source_rows(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what each source cost and adds, without the notes of its fits."""
    return [{key: source.get(key) for key in SOURCE_KEYS} for source in manifest["sources"]]


def demo_summary(folder: Path, outcomes: "Sequence[Outcome]") -> dict[str, Any]:
    """Summarise the demo.

    Args:
        folder: where it was made.
        outcomes: of its runs, oldest first.

    Returns:
        Keys as docs/json.md names them.
    """
    return {
        "folder": folder,
        "exit_codes": [outcome.exit_code for outcome in outcomes],
        "last": outcome_summary(outcomes[-1]),
    }


def _run_summary(trained: "TrainedRun") -> dict[str, Any]:
    return {
        "id": trained.run_id,
        "status": trained.status,
        "method": trained.manifest["method"],
    }


def monitoring_summary(monitored: "Monitored") -> dict[str, Any]:
    """Summarise what monitoring measured.

    Args:
        monitored: drift, stability and alerts of a run.

    Returns:
        Keys as docs/json.md names them.
    """
    return {
        "run": monitored.run_id,
        "against": monitored.against,
        "report": str(monitored.files.folder),
        "note": monitored.note or None,
        "no_floor": monitored.no_floor or None,
        "drift": monitored.drift,
        "stability": monitored.stability.rows() if monitored.stability else None,
        "alerts": monitored.alerts,
        "diagnosis": monitored.diagnosis,
    }


def publication_summary(published: "Published") -> dict[str, Any]:
    """Summarise a publication.

    Args:
        published: a run and the move that showed it.

    Returns:
        `run_id` and `move`.
    """
    return {"run_id": published.run_id, "move": move_summary(published.move)}


def move_summary(move: "Move") -> dict[str, Any]:
    """Summarise a move of a slot.

    Args:
        move: a row of `slot_move`.

    Returns:
        Its columns, with the ids of its runs, and `made`: false when the slot showed the run
        already.
    """
    columns = asdict(move)
    # The key is public and older than the field's name.
    columns["made"] = columns.pop("is_new")
    return columns
