"""How many rows a step made, for logs: of a frame, of tables that were loaded, of files."""

from pathlib import Path
from typing import Any


def rows_of(result: Any) -> int | None:
    """Count the rows of what a step returned.

    Args:
        result: anything.

    Returns:
        Rows of a frame; of all tables of which rows and checksums are given; of the longest Parquet
        file of a folder; None of anything else.
    """
    height = getattr(result, "height", None)
    if isinstance(height, int):
        return height
    if isinstance(result, dict):
        tables = [table for table in result.values() if isinstance(table, dict)]
        return sum(int(table["rows"]) for table in tables if "rows" in table) or None
    if isinstance(result, Path):
        return _longest(result)
    return None


def _longest(folder: Path) -> int | None:
    """Return the rows of the longest Parquet file, read from the ends of files alone."""
    import polars as pl  # noqa: PLC0415

    files = sorted(folder.glob("*.parquet")) if folder.is_dir() else []
    try:
        counts = [pl.scan_parquet(file).select(pl.len()).collect().item() for file in files]
    except (OSError, pl.exceptions.PolarsError):
        # A log line is no place to find a damaged file.
        return None
    return max(counts, default=None)
