"""Ids of users who opted out, from a file of theirs or from a column of the users table."""

from pathlib import Path

import polars as pl

from fusion.core.findings import FindingKind, declare, example_rows
from fusion.ingest.cell_parsing import id_text
from fusion.ingest.column_settings import column_name
from fusion.ingest.formats.files import Table
from fusion.ingest.settings import DataSettings

YES = ("1", "true", "t", "yes", "y")
"""Cells that say that a user opted out, in lower case."""
NO = ("", "0", "false", "f", "no", "n")
"""Cells that say that they did not; so does an empty one."""

UNREADABLE = declare(
    FindingKind(
        code="opt_out_unreadable",
        severity="error",
        what="a [data] opt_out that cannot be read",
        happens="nothing is read: who opted out would be trained on",
        cure="Correct the path, and write a text file in UTF-8 with one id a line.",
    )
)
UNCLEAR = declare(
    FindingKind(
        code="unclear_opt_out",
        severity="error",
        what="a cell of the column [data.user_columns] opt_out that is neither yes nor no",
        happens="nothing is read: who opted out might be trained on",
        cure="Write true or false, 1 or 0, yes or no; an empty cell is no.",
    )
)


def read_id_lines(file: Path) -> list[str]:
    """Read a text file of ids: lines end by a line feed, with a carriage return or without.

    No other character ends one, though Python's `splitlines` knows ten: an id may hold U+2028, and
    what stands after it could be somebody else's id. Blank lines name nobody.

    Args:
        file: in UTF-8, a byte order mark is skipped.

    Returns:
        Ids, each once, in their order.

    Raises:
        OSError: the file cannot be read.
        UnicodeDecodeError: it is not UTF-8.
    """
    # Bytes, since text mode would take a carriage return alone for the end of a line.
    text = file.read_bytes().decode("utf-8-sig")
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    return list(dict.fromkeys(line for line in lines if line))


def opted_out_by_file(settings: DataSettings, base: Path) -> pl.Series:
    """Read the file of ids.

    Args:
        settings: the `[data]` section.
        base: folder at which relative paths start.

    Returns:
        (n,) ids as text; none where no file is named.

    Raises:
        Unusable: the file cannot be read.
    """
    if settings.opt_out is None:
        return pl.Series("id", [], dtype=pl.String)
    try:
        ids = read_id_lines(base / settings.opt_out)
    except (OSError, UnicodeDecodeError, ValueError) as wrong:
        raise UNREADABLE.stop("opt_out", f"{settings.opt_out} cannot be read: {wrong}") from wrong
    # As the data's ids are read: a spreadsheet may have written 7 as 7.0 here too.
    return id_text(pl.Series("id", ids, dtype=pl.String))


def opted_out_by_table(settings: DataSettings, table: Table) -> pl.Series:
    """Read the column of the users table that says who opted out.

    One such row of an id is enough, whichever of its rows counts otherwise.

    Args:
        settings: the `[data]` section.
        table: the opened users.

    Returns:
        (n,) ids as text; none where no column is named.

    Raises:
        Unusable: the column is missing, or a cell is neither yes nor no.
    """
    named = settings.user_columns.opt_out
    if named is None:
        return pl.Series("id", [], dtype=pl.String)
    column = column_name(named)
    rows = table.pick({"id": settings.user_id, "opt_out": column})
    words = id_text(rows["opt_out"]).str.strip_chars().str.to_lowercase().fill_null("")
    is_out = words.is_in(YES)
    unclear = rows.filter(~is_out & ~words.is_in(NO))
    if len(unclear):
        message = f"{len(unclear)} cells of column {column!r} are neither yes nor no"
        examples = example_rows(unclear.select("row", "opt_out"))
        raise UNCLEAR.stop("users", message, examples, len(unclear))
    return id_text(rows.filter(is_out)["id"]).drop_nulls()
