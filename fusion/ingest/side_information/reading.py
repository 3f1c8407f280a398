"""Vectors and facts on their way from the configured files into a dataset."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from fusion.core.arrays import Scores
from fusion.core.findings import Finding
from fusion.data.dataset import Dataset
from fusion.ingest.column_settings import column_name
from fusion.ingest.formats.files import ReadSql, Table, open_table
from fusion.ingest.settings import DataSettings
from fusion.ingest.side_information.facts import SUBJECT, place_facts, read_facts
from fusion.ingest.side_information.queries import SUBJECT as QUERIES
from fusion.ingest.side_information.queries import place_queries, read_queries
from fusion.ingest.side_information.vectors import VectorTable, place_vectors, read_vectors

KeepPeople = Callable[[str, pl.DataFrame, str], pl.DataFrame]
"""Leaves people out of a subject's rows by a column of their ids, and gives pseudonyms."""
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
        columns = settings.columns
        for entry in settings.vectors:
            id_column = columns.item if entry.of == "items" else columns.user
            read_entry = partial(read_vectors, entry, column_name(id_column), base)
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

    def of_people(self, keep: KeepPeople, as_of: int | None) -> "SideInformation":
        """Keep what is of people who stay, under the ids that everything else knows.

        Args:
            keep: leaves rows of people out, and gives the others their pseudonyms.
            as_of: moment in ms from which on queries are left out; None keeps all.
        """
        queries = self.queries
        if queries is not None:
            queries = keep(QUERIES, queries, "user")
            queries = queries if as_of is None else queries.filter(pl.col("time") < as_of)
        tables = []
        for table in self.vectors:
            if table.of == "items":
                tables.append(table)
                continue
            rows = table.ids.alias("id").to_frame().with_row_index("place")
            kept = keep(table.subject, rows, "id")
            tables.append(replace(table, ids=kept["id"], values=table.values[kept["place"]]))
        return replace(self, queries=queries, vectors=tuple(tables))

    def name_users(self, users: pl.DataFrame | None) -> pl.DataFrame | None:
        """Add users of whom only queries or vectors are known, who are served as cold ones.

        Args:
            users: by `id`; None without a users file.

        Returns:
            The users, then those who wrote, then those with a vector; None without any.
        """
        named = [] if self.queries is None else [self.queries["user"]]
        named += [table.ids for table in self.vectors if table.of == "users"]
        for ids in named:
            others = ids.unique(maintain_order=True).alias("id").to_frame()
            if users is not None:
                others = others.filter(~pl.col("id").is_in(users["id"].implode()))
                others = pl.concat([users, others], how="diagonal")
            users = others
        return users

    def attach(self, data: Dataset) -> tuple[Dataset, list[Finding]]:
        """Put vectors, facts and queries into the rows of a dataset.

        Args:
            data: without them.

        Returns:
            The dataset with them, and findings about items and users.
        """
        findings: list[Finding] = []
        placed: dict[str, dict[str, Scores]] = {"items": {}, "users": {}}
        for table in self.vectors:
            placed[table.of][table.name], found = place_vectors(table, data)
            findings += found
        data = replace(data, vectors=placed["items"], user_vectors=placed["users"])
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
