"""Vectors and facts on their way from the configured files into a dataset."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from fusion.core.findings import Finding
from fusion.data.dataset import Dataset
from fusion.ingest.column_settings import column_name
from fusion.ingest.formats.files import ReadSql, Table, open_table
from fusion.ingest.settings import DataSettings
from fusion.ingest.side_information.facts import SUBJECT, place_facts, read_facts
from fusion.ingest.side_information.queries import SUBJECT as QUERIES
from fusion.ingest.side_information.queries import place_queries, read_queries
from fusion.ingest.side_information.vectors import VectorTable, place_vectors, read_vectors

Attempt = Callable[[str, Callable[[], Any]], Any]
"""Calls a reading of a subject; where that stops at a finding it notes it, and gives None."""


@dataclass(frozen=True)
class SideInformation:
    """Vectors, facts and queries as read, still by outside ids.

    Attributes:
        vectors: those that can be read.
        facts: `item`, `relation`, `value`, perhaps `valid_from`; None without any.
        queries: `user`, `text`, `time`; None without any.
        findings: of reading them.
    """

    vectors: tuple[VectorTable, ...]
    facts: pl.DataFrame | None
    queries: pl.DataFrame | None
    findings: tuple[Finding, ...]

    @classmethod
    def read(
        cls, settings: DataSettings, base: Path, read_sql: ReadSql | None, attempt: Attempt
    ) -> "SideInformation":
        """Read whatever the configuration names.

        Args:
            settings: the `[data]` section.
            base: folder at which relative paths start.
            read_sql: runs a query; None where none can be run.
            attempt: goes on after a file that cannot be read.

        Returns:
            All that can be read.
        """
        findings: list[Finding] = []
        tables = []
        item_column = column_name(settings.columns.item)
        for entry in settings.vectors:
            read_entry = partial(read_vectors, entry, item_column, base)
            vectors = attempt(f"vectors {entry.called}", read_entry)
            if vectors is not None:
                tables.append(vectors[0])
                findings += vectors[1]
        frames: list[pl.DataFrame | None] = []
        places = ((SUBJECT, settings.facts, read_facts), (QUERIES, settings.queries, read_queries))
        for subject, place, read in places:
            table = None
            if place is not None:
                opened = partial(open_table, subject, place, base, read_sql)
                table = attempt(subject, partial(_read, read, settings, opened))
            frames.append(None if table is None else table[0])
            findings += [] if table is None else table[1]
        facts, queries = frames
        return cls(tuple(tables), facts, queries, tuple(findings))

    def attach(self, data: Dataset) -> tuple[Dataset, list[Finding]]:
        """Put vectors, facts and queries into the rows of a dataset.

        Args:
            data: without them.

        Returns:
            The dataset with them, and findings about items and users.
        """
        findings: list[Finding] = []
        vectors = {}
        for table in self.vectors:
            vectors[table.name], found = place_vectors(table, data)
            findings += found
        data = replace(data, vectors=vectors)
        if self.facts is not None:
            facts, found = place_facts(self.facts, data)
            data = replace(data, facts=facts)
            findings += found
        if self.queries is not None:
            queries, found = place_queries(self.queries, data)
            data = replace(data, queries=queries)
            findings += found
        return data, findings


def _read(
    read: Callable[[DataSettings, Table], tuple[pl.DataFrame, list[Finding]]],
    settings: DataSettings,
    opened: Callable[[], Table],
) -> tuple[pl.DataFrame, list[Finding]]:
    return read(settings, opened())
