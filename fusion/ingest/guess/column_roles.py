"""Guess what the columns of a table mean, from their names and from a sample of what they hold."""

from dataclasses import dataclass

import polars as pl

from fusion.errors import ConfigError
from fusion.ingest.cell_parsing import id_text, numbers
from fusion.ingest.guess.vocabulary import (
    CATEGORY,
    EVENT,
    ID,
    ITEM,
    NO_FEATURE,
    TIME,
    TITLE,
    USER,
    WEIGHT,
    fit,
    words_in,
)
from fusion.ingest.time_parsing import to_ms

SURE = 0.95
"""Share of cells that must be what a column is taken for."""
NINETIES = 631_152_000_000
FEW = 20
"""Different values that a column of kinds may have in any case."""


@dataclass(frozen=True)
class Roles:
    """Columns of interactions by role, with a sentence for each that was found in another way than by its name."""

    user: str
    item: str
    time: str | None
    weight: str | None
    event: str | None
    why: tuple[str, ...] = ()

    def named(self) -> dict[str, str]:
        """Roles that have a column."""
        found = {
            "user": self.user,
            "item": self.item,
            "time": self.time,
            "weight": self.weight,
            "event": self.event,
        }
        return {role: name for role, name in found.items() if name is not None}


def by_name(columns: list[str], words: frozenset[str]) -> str | None:
    """The column whose name fits best, the first of several; titles and names are no ids."""
    scored = [(fit(c, words) - 2 * bool(set(words_in(c)) & TITLE), c) for c in columns]
    best = max(scored, key=lambda pair: pair[0], default=(0, ""))
    return best[1] if best[0] > 0 else None


def is_number(values: pl.Series) -> bool:
    """Nearly all cells are finite numbers."""
    known = values.drop_nulls()
    return (
        len(known) > 0
        and not values.dtype.is_temporal()
        and _share(numbers(known).is_finite()) >= SURE
    )


def is_time(values: pl.Series, *, named: bool) -> bool:
    """Nearly all cells are times; where the name does not say so, after 1990 and unlikely to be anything else."""
    known = values.drop_nulls()
    if known.is_empty():
        return False
    found = to_ms(known, "UTC")
    if _share(found) < SURE:
        return False
    return named or values.dtype.is_temporal() or (_share(found > NINETIES) >= SURE)


def _share(flags: pl.Series) -> float:
    hits = flags.fill_null(False).sum() if flags.dtype == pl.Boolean else flags.is_not_null().sum()
    return float(hits) / max(1, len(flags))


def guess_roles(sample: pl.DataFrame) -> Roles:
    """Find user, item and what else there is. Raises ConfigError where no two columns could be user and item."""
    left = list(sample.columns)
    why: list[str] = []

    def claim(name: str | None) -> str | None:
        if name is not None:
            left.remove(name)
        return name

    user, item = claim(by_name(left, USER)), None
    item = claim(by_name(left, ITEM))
    time = claim(_time(sample, left, why))
    weight = claim(by_name([c for c in left if is_number(sample[c])], WEIGHT))
    event = claim(by_name([c for c in left if 2 <= sample[c].n_unique() <= FEW], EVENT))
    for role, found in (("user", user), ("item", item)):
        if found is None:
            name = claim(next((c for c in left if _could_be_id(sample[c])), None))
            if name is None:
                raise ConfigError(
                    f"no column could be the {role}; there are {', '.join(map(repr, sample.columns))}."
                )
            why.append(
                f"No name says which column is the {role}; {name!r} is the first that could be."
            )
            user, item = (name, item) if role == "user" else (user, name)
    return Roles(str(user), str(item), time, weight, event, tuple(why))


def _time(sample: pl.DataFrame, columns: list[str], why: list[str]) -> str | None:
    named = [c for c in columns if fit(c, TIME) and is_time(sample[c], named=True)]
    if named:
        return max(named, key=lambda c: fit(c, TIME))
    others = [c for c in columns if is_time(sample[c], named=False)]
    if others:
        why.append(
            f"No name says which column is the time; what {others[0]!r} holds reads as times."
        )
        return others[0]
    return None


def _could_be_id(values: pl.Series) -> bool:
    if (
        values.dtype.is_temporal()
        or values.dtype.is_nested()
        or values.null_count() > len(values) // 2
    ):
        return False
    return id_text(values).str.contains(r"^-?\d+\.\d+$").fill_null(False).mean() == 0


def is_described(sample: pl.DataFrame, key: str, column: str) -> bool:
    """Every value of `key` has one value of `column`, and the sample repeats keys often enough to tell."""
    keys = sample[key].n_unique()
    pairs = sample.select(pl.struct(key, column).n_unique()).item()
    return keys * 2 < len(sample) and pairs == keys and sample[column].n_unique() > 1


def guess_features(
    sample: pl.DataFrame, columns: list[str], *, texts: bool
) -> dict[str, list[str]]:
    """Sort columns into `text` (only if `texts`), `category` and `number`; ids, addresses and times are none."""
    found: dict[str, list[str]] = {"text": [], "category": [], "number": []}
    for column in columns:
        kind = _feature_kind(sample[column], column)
        if kind is not None and (texts or kind != "text"):
            found[kind].append(column)
    found["text"].sort(key=lambda name: not fit(name, TITLE))
    return {kind: names for kind, names in found.items() if names}


def _feature_kind(values: pl.Series, name: str) -> str | None:
    parts, known = words_in(name), values.drop_nulls()
    odd_type = values.dtype.is_temporal() or isinstance(values.dtype, pl.Struct)
    if (
        known.is_empty()
        or odd_type
        or set(parts) & NO_FEATURE
        or (parts and (parts[-1] in ID or parts[-1][-2:] == "id"))
    ):
        return None
    if isinstance(values.dtype, pl.List | pl.Array):
        return "category"
    if is_number(values):
        return "number"
    cells = known.cast(pl.String, strict=False).drop_nulls()
    if is_time(cells, named=True):
        return None
    few = cells.n_unique() <= max(FEW, len(cells) // 20) and len(cells) > cells.n_unique()
    listed = float(cells.str.contains("|", literal=True).mean() or 0)  # type: ignore[arg-type]
    named = fit(name, CATEGORY) > 0 and not fit(name, TITLE)
    return "category" if few or listed >= 0.1 or named else "text"
