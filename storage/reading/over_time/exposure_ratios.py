"""How the exposure of item groups moved over the runs of a placement."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select

from storage.schema.row_objects import RunRow
from storage.schema.tables import metric, run

EXPOSURE = "exposure"
RATIO = "exposure_ratio"


@dataclass(frozen=True)
class ExposureOfRun:
    """Exposure of item groups in the lists of a run.

    Attributes:
        run_id: outside name.
        at: up to when it knew data; where that has no times, when its training began.
        ratios: share of exposure over share of interest, by group.
    """

    run_id: str
    at: datetime
    ratios: dict[str, float]


def exposure_ratios(
    engine: Engine, until: RunRow, groups: Sequence[str], limit: int
) -> list[ExposureOfRun]:
    """Return how exposed item groups were in the lists of a run and of those before it.

    Args:
        engine: from `connect`.
        until: the newest run that counts.
        groups: names of groups.
        limit: runs at most.

    Returns:
        Of runs that measured it, pruned ones too, the oldest first.
    """
    newest = select(run.c.run_no, run.c.run_id, run.c.as_of, run.c.created_at).where(
        run.c.placement == until.placement,
        run.c.run_no <= until.run_no,
        run.c.status.in_(("ready", "rejected", "deleted")),
    )
    with engine.connect() as connection:
        runs = connection.execute(newest.order_by(run.c.run_no.desc()).limit(limit)).all()
        wanted = select(metric.c.run_no, metric.c.segment, metric.c.value).where(
            metric.c.run_no.in_([row.run_no for row in runs]),
            metric.c.subject == EXPOSURE,
            metric.c.name == RATIO,
            metric.c.segment.in_(groups),
            metric.c.value.is_not(None),
        )
        ratios: dict[int, dict[str, float]] = defaultdict(dict)
        for row in connection.execute(wanted):
            ratios[row.run_no][row.segment] = row.value
    return [
        ExposureOfRun(row.run_id, row.as_of or row.created_at, ratios[row.run_no])
        for row in reversed(runs)
        if row.run_no in ratios
    ]
