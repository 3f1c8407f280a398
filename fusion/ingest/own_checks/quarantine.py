"""Rows that checks put aside, with the reasons, and their files in a run's folder.

They are no store: every run reads its data afresh, so that a row which is mended in the source is
used again without anybody's doing, and the files go with the run.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from fusion.ingest.formats.files import Table
from fusion.ingest.own_checks.person_column import PersonColumn

USER = "user_id"
"""Column of users' outside ids, by which `fusion forget` finds the rows of a person."""


@dataclass(frozen=True)
class Quarantine:
    """Rows of a table that break checks with severity quarantine.

    Attributes:
        table: in whose files they stand.
        by_check: numbers of rows, ascending, by the name of the check that they break.
        person: column of users' ids; None where rows are nobody's.
    """

    table: Table
    by_check: Mapping[str, pl.Series]
    person: PersonColumn | None

    @property
    def rows(self) -> pl.Series:
        """Numbers of the rows, each once, ascending."""
        return pl.concat(list(self.by_check.values())).unique().sort()

    def read(self) -> pl.DataFrame:
        """Read the rows from the files.

        Returns:
            row (number from 1, without headers), checks (names of those it breaks), user_id (null
            where rows are nobody's) and cells (a struct of the columns as they stand in the file,
            but for pseudonyms).
        """
        rows = self.rows
        cells = self.table.rows(rows)
        reasons = []
        for name, broken in self.by_check.items():
            breaks = rows.is_in(broken.implode())
            reason = pl.select(pl.when(pl.lit(breaks)).then(pl.lit(name))).to_series()
            reasons.append(reason.alias(name))
        checks = pl.DataFrame(reasons).select(pl.concat_list(pl.all()).list.drop_nulls())
        users = pl.repeat(None, len(rows), dtype=pl.String, eager=True)
        if self.person is not None:
            users = self.person.stored(cells[self.person.name])
            cells = self.person.hidden_in(cells)
        return pl.DataFrame(
            [
                rows.alias("row"),
                checks.to_series().alias("checks"),
                users.alias(USER),
                cells.to_struct("cells"),
            ]
        )


def write_quarantine(folder: Path, rows_by_table: Mapping[str, pl.DataFrame]) -> None:
    """Write the rows that were put aside, one file a table.

    Args:
        folder: made where there is anything to write.
        rows_by_table: rows as `Quarantine.read` gives them, by the name of the table.
    """
    for table, rows in rows_by_table.items():
        folder.mkdir(exist_ok=True)
        rows.write_parquet(folder / f"{table}.parquet")
