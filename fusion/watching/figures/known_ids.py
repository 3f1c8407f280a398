"""A fixed sample of users and items, kept as digests: by them a rewritten past is noticed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from fusion.core.hashing import mix
from fusion.watching import causes
from fusion.watching.calendar import Span
from fusion.watching.figure import Figure, Measurement, share
from fusion.watching.reading.attribute_table import ID, AttributeTable
from fusion.watching.reading.id_hashes import IdHasher
from fusion.watching.scales import SHARE

Hashes = NDArray[np.uint64]

SAMPLE = {"users": 5_000, "items": 2_000}
"""Users and items of a sample, at most about so many."""
ALL_HASHES = 2**64
PAST = "past events"
TIMES = "times of past events"
WEIGHTS = "weights of past events"
DIGESTS = ("others", "times", "weights")
"""What the digests of a history are of: the items of a user's events, or the users of an item's."""
CELLS = {"subject": pl.String, "id": pl.UInt64, "column": pl.String, "digest": pl.UInt64}


@dataclass(frozen=True)
class KnownIds:
    """Digests of the sample as it was at a moment.

    Attributes:
        limits: "users" and "items" -> hash below which an id is of the sample.
        history: a row for each id and window in which it had events: how many, and `DIGESTS`.
        cells: a row for each id and declared column of its table.
        rows: "users" and "items" -> rows of the table; none where there is no table.
    """

    limits: dict[str, int]
    history: pl.DataFrame
    cells: pl.DataFrame
    rows: dict[str, int]


def sample_limits(events: pl.DataFrame, tables: Iterable[AttributeTable]) -> dict[str, int]:
    """Choose the hashes below which ids are of the sample.

    Args:
        events: of an `EventLog`.
        tables: of users and items, where there are any.

    Returns:
        "users" and "items" -> hash, a power of two.
    """
    sizes = {"users": events["user"].n_unique(), "items": events["item"].n_unique()}
    for table in tables:
        sizes[table.subject] = max(sizes[table.subject], len(table.frame))
    limits = {}
    for subject, size in sizes.items():
        halvings = max(int(np.ceil(np.log2(max(size, 1) / SAMPLE[subject]))), 0)
        limits[subject] = ALL_HASHES >> halvings
    return limits


def digest_ids(
    events: pl.DataFrame,
    tables: Sequence[AttributeTable],
    windows: Sequence[Span],
    limits: dict[str, int],
) -> KnownIds:
    """Digest the sample as the data shows it now.

    Args:
        events: of an `EventLog`.
        tables: of users and items, where there are any.
        windows: closed windows, oldest first, without gaps.
        limits: from `sample_limits`; always the same, or nothing can be compared.

    Returns:
        The digests.
    """
    histories = [_history(events, subject, windows, limits) for subject in ("users", "items")]
    cells = [_cells(table, limits[table.subject]) for table in tables]
    return KnownIds(
        limits,
        pl.concat(histories),
        pl.concat([pl.DataFrame(schema=CELLS), *cells]),
        {table.subject: len(table.frame) for table in tables},
    )


def _is_sampled(column: str, limit: int) -> pl.Expr:
    # All hashes lie below 2**64, which is no UInt64 itself.
    return pl.col(column) <= pl.lit(limit - 1, dtype=pl.UInt64)


def _history(
    events: pl.DataFrame, subject: str, windows: Sequence[Span], limits: dict[str, int]
) -> pl.DataFrame:
    """Digests (n,) of the sampled ids' events by window."""
    own, other = ("user", "item") if subject == "users" else ("item", "user")
    starts = np.array([window.start for window in windows], np.int64)
    inside = pl.col("time").is_between(starts[0], windows[-1].end, closed="left")
    sampled = events.filter(_is_sampled(own, limits[subject]) & inside)
    window_of = np.searchsorted(starts, sampled["time"].to_numpy(), side="right") - 1
    others = sampled[other].fill_null(0).to_numpy()
    times = sampled["time"].to_numpy().astype(np.uint64)
    # The bits of a float32, so that digests are of the very number.
    weights = sampled["weight"].fill_null(0).to_numpy().astype(np.float32).view(np.uint32)
    # Salted by the event, or weights could change hands without a trace.
    salt = mix(others ^ mix(times))
    columns = {
        "id": sampled[own],
        "start": starts[window_of],
        "others": mix(others),
        "times": mix(times),
        "weights": mix(weights.astype(np.uint64) ^ salt),
    }
    rows = pl.DataFrame(columns)
    # Sums wrap round, and do not hang on the order of rows.
    sums = [pl.col(name).sum() for name in DIGESTS]
    counted = rows.group_by("id", "start").agg(pl.len().cast(pl.UInt32).alias("events"), *sums)
    return counted.select(pl.lit(subject).alias("subject"), "id", "start", "events", *DIGESTS)


def _cells(table: AttributeTable, limit: int) -> pl.DataFrame:
    """Digests of the sampled rows' cells."""
    sampled = table.frame.filter(_is_sampled(ID, limit))
    digests = [pl.DataFrame(schema=CELLS)]
    for name in table.columns:
        cells = sampled[name]
        text = cells.list.join("|") if isinstance(cells.dtype, pl.List) else cells.cast(pl.String)
        digest = IdHasher().of(text.fill_null(""))
        described = sampled.select(
            pl.lit(table.subject).alias("subject"), ID, pl.lit(name).alias("column")
        )
        digests.append(described.with_columns(digest.alias("digest")))
    return pl.concat(digests)


def compare(before: KnownIds, now: KnownIds) -> dict[Figure, Measurement]:
    """Compare the sample with what was known of it.

    Args:
        before: as an earlier watch kept it.
        now: of the same limits.

    Returns:
        Shares of known ids that are gone, and of those present whose past or attributes changed.
    """
    measured: dict[Figure, Measurement] = {}
    for subject in ("users", "items"):
        measured |= _compare_histories(
            subject, _of(before.history, subject), _of(now.history, subject)
        )
        measured |= _compare_cells(subject, _of(before.cells, subject), _of(now.cells, subject))
    for subject, n_before in before.rows.items():
        label = f"rows of the {subject} file that are gone"
        lost = Figure(subject, "lost_from_file", SHARE, label, far_high=causes.SHRUNK)
        n_lost = max(n_before - now.rows.get(subject, 0), 0)
        measured[lost] = share(n_lost, n_before)
    return measured


def _of(frame: pl.DataFrame, subject: str) -> pl.DataFrame:
    return frame.filter(pl.col("subject") == subject).drop("subject")


def _compare_histories(
    subject: str, before: pl.DataFrame, now: pl.DataFrame
) -> dict[Figure, Measurement]:
    """Compare events of the windows that both sides know."""
    if before.is_empty() or now.is_empty():
        return {}
    # An export may keep so many days only: its oldest window may have lost its first ones.
    oldest = max(before["start"].min(), now["start"].min())  # type: ignore[type-var]
    is_kept = pl.col("start") > oldest
    is_kept &= pl.col("start") <= min(before["start"].max(), now["start"].max())  # type: ignore[type-var]
    before, now = before.filter(is_kept), now.filter(is_kept)
    known = before.select("id").unique()
    gone = Figure(
        subject, "gone", SHARE, f"known {subject} without any event now", far_high=causes.REKEYED
    )
    n_gone = len(known.join(now, on="id", how="anti"))
    measured = {gone: share(n_gone, len(known))}
    if subject == "items":
        return measured
    present = known.join(now.select("id").unique(), on="id", how="semi")
    both = before.join(now, on=["id", "start"], how="full", coalesce=True, suffix="_now")
    both = both.join(present, on="id", how="semi")
    has_same = {
        name: pl.col(name).eq_missing(pl.col(f"{name}_now")) for name in (*DIGESTS, "events")
    }
    same_items = has_same["events"] & has_same["others"]
    changes = {
        PAST: ~same_items,
        TIMES: same_items & ~has_same["times"],
        # Times are in the digest of weights: where they changed, nothing is known of weights.
        WEIGHTS: same_items & has_same["times"] & ~has_same["weights"],
    }
    for column, changed in changes.items():
        figure = Figure(
            subject,
            "changed",
            SHARE,
            f"known {subject} with other {column}",
            column,
            far_high=causes.REWRITTEN,
        )
        n_changed = both.filter(changed)["id"].n_unique()
        measured[figure] = share(n_changed, len(present))
    return measured


def _compare_cells(
    subject: str, before: pl.DataFrame, now: pl.DataFrame
) -> dict[Figure, Measurement]:
    """Compare the rows of a table that both sides know, column by column."""
    measured = {}
    both = before.join(now, on=["id", "column"], how="inner", suffix="_now")
    for column, rows in sorted(both.partition_by("column", as_dict=True).items()):
        name = str(column[0])
        label = f"known {subject} with another {name}"
        figure = Figure(subject, "changed", SHARE, label, name, far_high=causes.REWRITTEN)
        n_changed = int((rows["digest"] != rows["digest_now"]).sum())
        measured[figure] = share(n_changed, len(rows))
    known = before["id"].unique()
    if len(known) and len(now):
        gone = Figure(
            subject,
            "gone_from_file",
            SHARE,
            f"known {subject} that their file lacks now",
            far_high=causes.SHRUNK,
        )
        n_gone = len(known.to_frame().join(now, on="id", how="anti"))
        measured[gone] = share(n_gone, len(known))
    return measured
