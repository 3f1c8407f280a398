"""What users wrote: read, checked, and put into the rows of a dataset."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from fusion.core.findings import Finding, FindingKind, example_rows
from fusion.data.dataset import Dataset
from fusion.data.queries.user_queries import UserQueries
from fusion.ingest.cell_parsing import as_text, id_text, is_filled
from fusion.ingest.column_settings import column_name
from fusion.ingest.formats.files import ROW, Table
from fusion.ingest.settings import DataSettings
from fusion.ingest.side_information.query_findings import (
    INCOMPLETE_QUERY,
    LATER_QUERIES,
    MIN_KNOWN_SHARE,
    QUERIES_OF_STRANGERS,
    QUERIES_WITHOUT_TEXTS,
    QUERIES_WITHOUT_TIMES,
    REPEATED_QUERY,
    UNPARSABLE_QUERY_TIME,
)
from fusion.ingest.time_parsing import to_ms

SUBJECT = "queries"
PARTS = ("user", "text", "time")


def read_queries(settings: DataSettings, table: Table) -> tuple[pl.DataFrame, list[Finding]]:
    """Read queries, each once.

    No finding shows a text, which may name anybody, nor an id: this is before pseudonyms are given.

    Args:
        settings: the `[data]` section.
        table: the opened queries.

    Returns:
        `user`, `text` (String) and `time` (Int64 ms), in the order of the file; and the findings.

    Raises:
        Unusable: a column is missing, or the file cannot be read.
    """
    named = settings.query_columns
    person = settings.person_column(SUBJECT)
    assert person is not None
    columns = {
        "user": person,
        "text": named.text,
        "time": named.time or column_name(settings.columns.time or "time"),
    }
    rows = table.pick(columns).filter(~pl.col("blank")).drop("blank")
    n_rows = len(rows)
    text = as_text(rows["text"]).str.strip_chars().replace("", None)
    cells = rows["time"]
    has_time = is_filled(cells)
    times = to_ms(cells, settings.timezone).alias("time")
    rows = rows.with_columns(id_text(rows["user"]), text, times)
    is_whole = rows["user"].is_not_null() & rows["text"].is_not_null() & has_time
    findings: list[Finding] = []
    words = "queries lack a user, a text or a time"
    _note(findings, INCOMPLETE_QUERY, rows.filter(~is_whole), words, n_rows)
    is_timed = rows["time"].is_not_null()
    words = "queries have a time that is none"
    _note(findings, UNPARSABLE_QUERY_TIME, rows.filter(is_whole & ~is_timed), words, n_rows)
    rows = rows.filter(is_whole & is_timed)
    is_first = rows.select(pl.struct(PARTS).is_first_distinct()).to_series()
    words = "queries equal an earlier one"
    _note(findings, REPEATED_QUERY, rows.filter(~is_first), words, n_rows)
    return rows.filter(is_first).select(PARTS), findings


def _note(
    findings: list[Finding], kind: FindingKind, bad: pl.DataFrame, words: str, n_rows: int
) -> None:
    """Add a finding about bad rows, which are shown by their numbers alone."""
    if len(bad):
        message = f"{len(bad)} of {n_rows} {words}"
        examples = example_rows(bad.select(ROW))
        findings.append(kind.finding(SUBJECT, len(bad), message, examples, total=n_rows))


def place_queries(rows: pl.DataFrame, data: Dataset) -> tuple[UserQueries, list[Finding]]:
    """Put queries into the rows of a dataset's users.

    Args:
        rows: the queries as read, of users of the dataset or who left it.
        data: the dataset; users are numbered.

    Returns:
        Queries before the dataset's moment, and findings about them.
    """
    findings = list(_about_all(rows, data))
    if not data.has_times:
        message = "queries have times, but the interactions have no times"
        return UserQueries(), [*findings, QUERIES_WITHOUT_TIMES.finding(SUBJECT, 1, message)]
    users = pl.Series("row", data.user_ids.rows(rows["user"]))
    known = rows.with_columns(users).filter((users >= 0) & (rows["time"] < data.as_of))
    # Of equal times the order of the file stays.
    known = known.sort("row", "time", maintain_order=True)
    words = known["text"].unique().sort()
    places = words.to_frame().with_row_index("place")
    texts = known.join(places, on="text", how="left", maintain_order="left")["place"]
    queries = UserQueries(
        users=known["row"].to_numpy().astype(np.int32),
        times=known["time"].to_numpy().astype(np.int64),
        texts=texts.to_numpy().astype(np.int32),
        words=words,
    )
    return queries, findings


def _about_all(rows: pl.DataFrame, data: Dataset) -> Iterator[Finding]:
    """Find queries that come too late, are of strangers, or have nothing to be compared with."""
    n_later = int((rows["time"] >= data.as_of).sum()) if data.has_times else 0
    if n_later:
        message = f"{n_later} of {len(rows)} queries were not written before the end of the data"
        yield LATER_QUERIES.finding(SUBJECT, n_later, message, total=len(rows))
    writers = data.user_ids.rows(rows["user"].unique(maintain_order=True))
    writers = writers[writers >= 0]
    n_known = int((data.user_counts[writers] > 0).sum())
    if n_known < MIN_KNOWN_SHARE * len(writers):
        message = f"{n_known} of {len(writers)} users who wrote have interactions"
        yield QUERIES_OF_STRANGERS.finding(SUBJECT, len(writers) - n_known, message)
    table = data.item_table
    if len(rows) and ("text" not in table.columns or table["text"].null_count() == len(table)):
        message = f"{len(rows)} queries, and no item with a text to compare them with"
        yield QUERIES_WITHOUT_TEXTS.finding(SUBJECT, len(rows), message)
