"""What is known of items and users beside their interactions: tables by id, cleaned and with findings."""

import polars as pl

from fusion.core.findings import Finding, FindingKind, declare, example_rows
from fusion.ingest.cell_parsing import categories, id_text, numbers
from fusion.ingest.files import Table
from fusion.ingest.settings import DataSettings
from fusion.ingest.time_parsing import to_ms

JOINT = " · "
"""Between the columns that make an item's text."""

NULL_ID = declare(
    FindingKind(
        "null_id",
        "warning",
        "a row of the items or users without an id",
        "the row is left out",
        "Give every row an id.",
        0.01,
    )
)
DUPLICATE_ID = declare(
    FindingKind(
        "duplicate_id",
        "warning",
        "an id with several, different rows in the items or users",
        "the first row counts",
        "Keep one row an id.",
    )
)
UNPARSABLE_NUMBER = declare(
    FindingKind(
        "unparsable_number",
        "warning",
        "a number feature that is no finite number",
        "the cell counts as missing",
        "Mend the cells, or declare the column under `category`.",
    )
)
UNPARSABLE_WINDOW = declare(
    FindingKind(
        "unparsable_window",
        "error",
        "an available_from or available_until that is no time",
        "nothing is read: an item might be listed that must not be",
        "Write dates, ISO 8601 text or epoch seconds; leave the cell empty for no border.",
    )
)


def read_items(settings: DataSettings, table: Table) -> tuple[pl.DataFrame, list[Finding]]:
    """The catalogue, one row an id: `id`, `text`, category lists, numbers, `available_from` and `_until` (ms)."""
    features, borders = settings.item_features, settings.item_columns
    names = {f"text {name}": name for name in features.text}
    names |= {name: name for name in (*features.category, *features.number)}
    windows = {"available_from": borders.available_from, "available_until": borders.available_until}
    names |= {role: name for role, name in windows.items() if name is not None}
    frame, findings = _one_row_an_id(table, settings.item_id, names)
    columns = [frame["id"], _join_texts(frame, features.text)]
    columns += [categories(frame[name]) for name in features.category]
    columns += [_number(frame, name, table.subject, findings) for name in features.number]
    columns += [
        _window(frame, role, settings.timezone, findings)
        for role in windows
        if role in frame.columns
    ]
    return pl.DataFrame(columns), findings


def read_users(settings: DataSettings, table: Table) -> tuple[pl.DataFrame, list[Finding]]:
    """The users, one row an id: `id`, categories as String, numbers as Float64."""
    features = settings.user_features
    names = {name: name for name in (*features.category, *features.number)}
    frame, findings = _one_row_an_id(table, settings.user_id, names)
    columns = [frame["id"]] + [id_text(frame[name]) for name in features.category]
    columns += [_number(frame, name, table.subject, findings) for name in features.number]
    return pl.DataFrame(columns), findings


def _one_row_an_id(
    table: Table, id_column: str, names: dict[str, str]
) -> tuple[pl.DataFrame, list[Finding]]:
    """Read and keep the first row of each id; equal rows fall together without a word."""
    picked = table.pick({"@id": id_column, **{f"@{here}": there for here, there in names.items()}})
    frame = picked.rename(
        {f"@{here}": here for here in ("id", *names)} | {"row": "@row", "blank": "@blank"}
    )
    frame = frame.filter(~pl.col("@blank")).drop("@blank")
    frame = frame.with_columns(id_text(frame["id"]))
    findings = []
    bad = frame.filter(pl.col("id").is_null())
    if len(bad):
        message = f"{len(bad)} of {len(frame)} rows have no id in column {id_column!r}"
        findings.append(NULL_ID.finding(table.subject, len(bad), message, _shown(bad), len(frame)))
        frame = frame.filter(pl.col("id").is_not_null())
    frame = frame.unique(["id", *names], keep="first", maintain_order=True)
    doubled = frame.filter(pl.col("id").is_duplicated())
    if len(doubled):
        count = doubled["id"].n_unique()
        message = f"{count} ids stand in several rows that differ"
        findings.append(
            DUPLICATE_ID.finding(table.subject, count, message, _shown(doubled.sort("id")))
        )
        frame = frame.unique("id", keep="first", maintain_order=True)
    return frame, findings


def _shown(rows: pl.DataFrame) -> list[dict[str, object]]:
    return example_rows(rows.rename({"@row": "row"}))


def _join_texts(frame: pl.DataFrame, columns: tuple[str, ...]) -> pl.Series:
    if not columns:
        return pl.repeat(None, len(frame), dtype=pl.String, eager=True).alias("text")
    words = [frame[f"text {name}"] for name in columns]
    words = [
        w.cast(pl.List(pl.String)).list.join(", ") if w.dtype.is_nested() else w.cast(pl.String)
        for w in words
    ]
    cells = [pl.lit(w).str.strip_chars().replace("", None) for w in words]
    joined = pl.concat_str(cells, separator=JOINT, ignore_nulls=True)
    return frame.select(joined.replace("", None).alias("text"))["text"]


def _number(frame: pl.DataFrame, name: str, subject: str, findings: list[Finding]) -> pl.Series:
    found = numbers(frame[name])
    finite = found.is_finite().fill_null(False)
    bad = frame.filter(~finite & frame[name].is_not_null() & (frame[name].cast(pl.String) != ""))
    if len(bad):
        message = f"{len(bad)} cells of number feature {name!r} are no finite numbers"
        examples = example_rows(bad.select(pl.col("@row").alias("row"), "id", name))
        findings.append(UNPARSABLE_NUMBER.finding(subject, len(bad), message, examples))
    return found.set(~finite, None)


def _window(frame: pl.DataFrame, role: str, zone: str, findings: list[Finding]) -> pl.Series:
    found = to_ms(frame[role], zone)
    bad = frame.filter(
        found.is_null() & frame[role].is_not_null() & (frame[role].cast(pl.String) != "")
    )
    if len(bad):
        message = f"{len(bad)} cells of {role} are no times"
        examples = example_rows(bad.select(pl.col("@row").alias("row"), "id", role))
        findings.append(UNPARSABLE_WINDOW.finding("items", len(bad), message, examples))
    return found
