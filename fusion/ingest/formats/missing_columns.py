"""Columns that a configuration names and a file has not, with the nearest that it has."""

from collections.abc import Iterable
from difflib import get_close_matches

from fusion.core.findings import FindingKind, declare
from fusion.ingest.formats.parts import Part

SHOWN_COLUMNS = 20
"""Columns of a file that are listed where one is missing."""
NEAR = 0.5
"""Names this similar (0 to 1) are offered; below difflib's 0.6, so that "id" finds "itemId"."""

MISSING_COLUMN = declare(
    FindingKind(
        code="missing_column",
        severity="error",
        what="a column the configuration names and the file has not",
        happens="nothing is read",
        cure="Correct the name in [data], or in the settings of a frame; "
        "`fusion init FILE --config guessed.toml` guesses columns.",
    )
)


def require_columns(part: Part, names: Iterable[str], subject: str) -> None:
    """Refuse a part that lacks a column, and name the nearest ones that it has.

    Args:
        part: the opened file or query.
        names: columns that are needed.
        subject: word for what the table holds, in findings.

    Raises:
        Unusable: one of them is missing.
    """
    missing = [name for name in names if name not in part.columns]
    if not missing:
        return
    named = ", ".join(with_nearest(name, part.columns) for name in missing)
    known = ", ".join(map(repr, part.columns[:SHOWN_COLUMNS]))
    message = f"{part.name} has no column {named}; it has {known}"
    if any(_looks_like_number(name) for name in part.columns):
        message += (
            "; its first line looks like data: it needs a header line, or columns by position "
            "(user = 1)"
        )
    raise MISSING_COLUMN.stop(subject, message, count=len(missing))


def with_nearest(name: str, columns: Iterable[str]) -> str:
    """Quote a missing name, with the column whose name is nearest.

    Args:
        name: that no column has.
        columns: names that there are.
    """
    by_lower = {column.lower(): column for column in columns}
    nearest = get_close_matches(name.strip().lower(), list(by_lower), n=1, cutoff=NEAR)
    return f"{name!r} (nearest: {by_lower[nearest[0]]!r})" if nearest else repr(name)


def _looks_like_number(name: str) -> bool:
    return name.strip().replace(".", "", 1).isdigit()
