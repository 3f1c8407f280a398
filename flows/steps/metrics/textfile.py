"""Metrics as a file, which is replaced whole: whoever reads it never sees half of it."""

from pathlib import Path

from flows.session import Session
from flows.steps.metrics.state import metrics_text
from flows.steps.own_file import write_own

BEGIN = "# HELP fusion_"
"""Text that every file of metrics begins with."""


def write_metrics(session: Session, file: Path) -> None:
    """Write the metrics of a placement to a file.

    Args:
        session: the database, which is only read.
        file: such as `/var/lib/node_exporter/fusion.prom`; its folder must exist.

    Raises:
        ConfigError: the file is there and holds something else, or cannot be written.
        FusionError: the database is away, or of another version; the file stays as it was.
        OSError: the disk is full.
    """
    write_own(file, BEGIN, "metrics of fusion", lambda: metrics_text(session))
