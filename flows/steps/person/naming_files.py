"""Files that hold a person's id as a word, whatever the files are."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
from numpy.lib import format as npy

from flows.steps.person.run_files import HeldFile
from fusion.runs.redaction import EXAMPLES, Redactor

NAMED = "holds the id as a word"


class IdSearch:
    """A search for the ids of a person in files of any kind."""

    def __init__(self, ids: list[str]) -> None:
        """Prepare the search.

        Args:
            ids: of the person.
        """
        self.ids = ids
        self._redactor = Redactor(ids)

    def look(self, file: Path) -> HeldFile | None:
        """Search one file.

        Args:
            file: of any kind.

        Returns:
            What it holds; None where no id stands in it.
        """
        if file.suffix == ".parquet":
            rows = self._rows(file)
            return HeldFile(file, NAMED, rows) if rows else None
        return HeldFile(file, NAMED, []) if self._names(file) else None

    def _rows(self, file: Path) -> list[dict[str, object]]:
        """Rows of a Parquet file of which a cell is an id."""
        schema = pl.read_parquet_schema(file)
        texts = [name for name, kind in schema.items() if kind in (pl.String, pl.Categorical)]
        if not texts:
            return []
        is_theirs = pl.any_horizontal(pl.col(texts).cast(pl.String).is_in(self.ids))
        return pl.scan_parquet(file).filter(is_theirs).collect().to_dicts()

    def _names(self, file: Path) -> bool:
        if file.suffix in (".npz", ".npy"):
            return any(set(self.ids) & set(texts) for texts in _texts_of_arrays(file))
        content = file.read_bytes().decode(errors="replace")
        if file.suffix == ".json":
            try:
                document = json.loads(content)
            except ValueError:
                pass  # cut off, or something else: searched as text
            else:
                return self._is_named(document)
        # In our own sentences numbers after this word are ids; a page's scripts have it too.
        plain = content.replace(EXAMPLES, "")
        return self._redactor.redact_text(plain) != plain

    def _is_named(self, document: object) -> bool:
        """Tell whether JSON holds an id, as a value or key of its own or in a sentence."""
        if isinstance(document, dict):
            parts = [*document.keys(), *document.values()]
            return any(map(self._is_named, parts)) or self._redactor.redact(document) != document
        if isinstance(document, list):
            return any(map(self._is_named, document))
        if not isinstance(document, str):
            return False
        return document in self.ids or self._redactor.redact_text(document) != document


def _texts_of_arrays(file: Path) -> Iterator[list[str]]:
    """Texts of each array of text in a file of NumPy; the others are passed over by their head."""
    if file.suffix == ".npy":
        array = np.load(file, mmap_mode="r", allow_pickle=False)
        if array.dtype.kind in "US":
            yield array.astype(str).ravel().tolist()
        return
    with zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            with archive.open(name) as stream:
                head = npy.read_array_header_1_0
                if npy.read_magic(stream) != (1, 0):
                    head = npy.read_array_header_2_0
                _, _, dtype = head(stream)
            if dtype.kind in "US":
                with archive.open(name) as stream:
                    yield npy.read_array(stream, allow_pickle=False).astype(str).ravel().tolist()
