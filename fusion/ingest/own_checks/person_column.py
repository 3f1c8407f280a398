"""The column of a file that holds users' ids, which is shown and stored as runs know users."""

from dataclasses import dataclass

import polars as pl

from fusion.ingest.cell_parsing import id_text
from fusion.ingest.people.pseudonyms import Pseudonyms


@dataclass(frozen=True)
class PersonColumn:
    """A column of users' ids.

    Attributes:
        name: in the file.
        pseudonyms: take the place of ids; None where ids stay.
    """

    name: str
    pseudonyms: Pseudonyms | None

    def stored(self, ids: pl.Series) -> pl.Series:
        """Return the ids under which runs know users.

        Args:
            ids: (n,) cells of the column.

        Returns:
            (n,) text, null where there is no id.
        """
        texts = id_text(ids)
        return texts if self.pseudonyms is None else self.pseudonyms.of_all(texts)

    def hidden_in(self, cells: pl.DataFrame) -> pl.DataFrame:
        """Replace ids by pseudonyms, where there are such.

        Args:
            cells: (n,) rows as they stand in the file.
        """
        if self.pseudonyms is None or self.name not in cells.columns:
            return cells
        return cells.with_columns(self.stored(cells[self.name]))
