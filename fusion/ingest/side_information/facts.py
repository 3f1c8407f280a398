"""Facts about items: read, checked, and put into the rows of a dataset."""

from collections.abc import Iterator

import polars as pl

from fusion.core.findings import Finding, FindingKind, example_rows
from fusion.data.dataset import Dataset
from fusion.data.facts import LARGE_RELATIONS, SCHEMA, ItemFacts
from fusion.ingest.cell_parsing import id_text, is_filled
from fusion.ingest.column_settings import column_name
from fusion.ingest.formats.files import ROW, Table
from fusion.ingest.settings import DataSettings
from fusion.ingest.side_information.findings import (
    FACTS_WITHOUT_TIMES,
    INCOMPLETE_FACT,
    LATER_FACTS,
    REPEATED_FACT,
    SINGLE_VALUE,
    UNKNOWN_FACTS,
    UNPARSABLE_VALID_FROM,
)
from fusion.ingest.time_parsing import to_ms

SUBJECT = "facts"
VALID_FROM = "valid_from"
"""Column of times that is taken unasked: facts that count too early leak, and nobody would see."""
WORDS = ("item", "relation", "value")


def read_facts(settings: DataSettings, table: Table) -> tuple[pl.DataFrame, list[Finding]]:
    """Read the facts, each once.

    Args:
        settings: the `[data]` section.
        table: the opened facts.

    Returns:
        `item`, `relation`, `value` (String) and, as far as there are times, `valid_from` (Int64
        ms, null for facts that always count); and the findings.

    Raises:
        Unusable: a column is missing, or the file cannot be read.
    """
    named = settings.fact_columns
    columns = {
        "item": named.item or column_name(settings.columns.item),
        "relation": named.relation,
        "value": named.value,
    }
    if named.valid_from is not None or VALID_FROM in table.columns:
        columns[VALID_FROM] = named.valid_from or VALID_FROM
    rows = table.pick(columns).filter(~pl.col("blank")).drop("blank")
    rows = rows.with_columns(id_text(rows["item"]), *(_words(rows[name]) for name in WORDS[1:]))
    findings: list[Finding] = []
    is_whole = pl.all_horizontal(pl.col(name).is_not_null() for name in WORDS)
    bad = rows.filter(~is_whole)
    if len(bad):
        message = f"{len(bad)} of {len(rows)} facts lack an item, a relation or a value"
        findings.append(_finding(INCOMPLETE_FACT, bad, message, len(rows)))
    rows = rows.filter(is_whole)
    if VALID_FROM in rows.columns:
        rows, unread = _with_times(rows, settings.timezone)
        findings += unread
    return _each_once(rows, findings), findings


def _words(values: pl.Series) -> pl.Series:
    """Cells (n,) as text without blanks round it; null where none is left."""
    return id_text(id_text(values).str.strip_chars())


def _with_times(rows: pl.DataFrame, zone: str) -> tuple[pl.DataFrame, list[Finding]]:
    """Read times in ms, null for empty cells; those that are no times are an error."""
    times = to_ms(rows[VALID_FROM], zone)
    cells = rows[VALID_FROM]
    bad = rows.filter(times.is_null() & is_filled(cells))
    findings = []
    if len(bad):
        message = f"{len(bad)} cells of valid_from are no times"
        findings.append(_finding(UNPARSABLE_VALID_FROM, bad, message, len(rows)))
    return rows.with_columns(times.alias(VALID_FROM)), findings


def _each_once(rows: pl.DataFrame, findings: list[Finding]) -> pl.DataFrame:
    """Keep one row a fact, with the earliest of its times; note the others."""
    repeats = rows.filter(~pl.struct(WORDS).is_first_distinct())
    if len(repeats):
        message = f"{len(repeats)} of {len(rows)} rows repeat a fact"
        findings.append(_finding(REPEATED_FACT, repeats.select(ROW, *WORDS), message, len(rows)))
    if VALID_FROM in rows.columns:
        # Null comes first: a fact that counts always does so whatever another row says.
        rows = rows.sort(VALID_FROM, nulls_last=False, maintain_order=True)
    return rows.drop(ROW).unique(WORDS, keep="first", maintain_order=True)


def place_facts(rows: pl.DataFrame, data: Dataset) -> tuple[ItemFacts, list[Finding]]:
    """Put facts into the rows of a dataset's items.

    Args:
        rows: the facts as read.
        data: the dataset; items are numbered.

    Returns:
        Facts of known items that count before the dataset's moment, and findings about the others.
    """
    items = data.item_ids.rows(rows["item"])
    is_known = pl.Series(items >= 0)
    numbered = rows.with_columns(pl.Series("item", items), rows["item"].alias("id"))
    known = numbered.filter(is_known)
    findings = list(_about_items(numbered.filter(~is_known), len(rows)))
    findings += _about_relations(known)
    if VALID_FROM not in known.columns:
        known = known.with_columns(pl.lit(None, pl.Int64).alias(VALID_FROM))
    elif not _has_moment(data) and known[VALID_FROM].count():
        message = "facts have times, but the interactions have no times"
        findings.append(FACTS_WITHOUT_TIMES.finding(SUBJECT, 1, message))
    else:
        findings += _about_times(known, data.as_of)
    table = known.select(*SCHEMA).cast(pl.Schema(SCHEMA)).sort("item", "relation", "value")
    facts = ItemFacts(table, _relations(known))
    return facts.before(data.as_of), findings


def _relations(known: pl.DataFrame) -> tuple[str, ...]:
    """Names of relations, the large ones before the others."""
    sizes = known["relation"].value_counts(name="n").sort("n", "relation", descending=[True, False])
    names = sizes["relation"].to_list()
    return (*sorted(names[:LARGE_RELATIONS]), *sorted(names[LARGE_RELATIONS:]))


def _has_moment(data: Dataset) -> bool:
    """Whether a moment of the dataset says which facts count: 1 ms is that of data without any."""
    return data.has_times or data.as_of > 1


def _about_items(unknown: pl.DataFrame, n_rows: int) -> Iterator[Finding]:
    if len(unknown):
        message = f"{len(unknown)} of {n_rows} facts are about items that are not known"
        examples = unknown.select("id", "relation", "value")
        yield _finding(UNKNOWN_FACTS, examples, message, n_rows)


def _about_relations(known: pl.DataFrame) -> Iterator[Finding]:
    """Find relations with many facts of one value."""
    of_relation = known.group_by("relation").agg(
        pl.col("value").first(), pl.col("value").n_unique().alias("values"), pl.len().alias("facts")
    )
    single = of_relation.filter((pl.col("values") == 1) & (pl.col("facts") > 1)).sort("relation")
    if len(single):
        names = ", ".join(map(repr, single["relation"]))
        message = f"all facts of {names} have the same value"
        yield _finding(SINGLE_VALUE, single.select("relation", "value"), message, 0)


def _about_times(known: pl.DataFrame, as_of: int) -> Iterator[Finding]:
    """Find facts that count after the data's moment only."""
    later = known.filter(pl.col(VALID_FROM) >= as_of)
    if len(later):
        message = f"{len(later)} of {len(known)} facts do not count before the end of the data"
        readable = pl.from_epoch(pl.col(VALID_FROM), "ms").cast(pl.String)
        examples = later.select("id", "relation", "value", readable)
        yield _finding(LATER_FACTS, examples, message, len(known))


def _finding(kind: FindingKind, rows: pl.DataFrame, message: str, total: int) -> Finding:
    return kind.finding(SUBJECT, len(rows), message, example_rows(rows), total=total)
