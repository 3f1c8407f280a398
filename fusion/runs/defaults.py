"""Thresholds of this room that shape what is kept of a run."""

from dataclasses import dataclass

from fusion.core.defaults import room_defaults, threshold


@room_defaults("runs")
@dataclass(frozen=True)
class RunsDefaults:
    """Thresholds of the samples that monitoring compares."""

    sample_rows: int = threshold(
        20_000, "a share is then known to 0.7 points, and a sample takes less than a megabyte"
    )


DEFAULTS = RunsDefaults()
