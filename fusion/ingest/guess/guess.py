"""`fusion init`: guess a configuration from files, and say what was guessed and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from fusion.errors import ConfigError, DataError
from fusion.ingest.cell_parsing import id_text, numbers
from fusion.ingest.file_search import find_files
from fusion.ingest.files import Table, open_table
from fusion.ingest.guess.column_roles import (
    Roles,
    by_name,
    guess_features,
    guess_roles,
    is_described,
    is_number,
)
from fusion.ingest.guess.vocabulary import ITEM, USER, event_weight

SAMPLE = 20_000
"""Rows looked at in each file."""
WITHOUT_WORDS = (pl.Duration, pl.Object)
"""Types whose cells cannot be read as text."""


@dataclass
class Guess:
    """What `DataSettings` takes, as plain values, and sentences that say what was guessed and why."""

    settings: dict[str, Any] = field(default_factory=dict)
    sentences: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Seen:
    place: str
    table: Table
    sample: pl.DataFrame

    @property
    def columns(self) -> list[str]:
        return self.sample.columns


def guess(
    interactions: str, base: Path, items: str | None = None, users: str | None = None
) -> Guess:
    """Look at files (paths relative to `base`) and guess what `[data]` should say.

    `interactions` may be a folder of different files: the one with users and items is taken, and
    what describes those items and users beside it. Raises ConfigError or DataError where no
    interactions can be found.
    """
    made = Guess()
    log, others = _interactions(interactions, base, made)
    roles = guess_roles(log.sample)
    made.settings["interactions"] = log.place
    made.settings["columns"] = roles.named()
    _say_roles(roles, log, made)
    _guess_events(roles, log, made)
    for kind, given in (("items", items), ("users", users)):
        id_column = roles.item if kind == "items" else roles.user
        described = _look(given, base, kind) if given else _choose(kind, others, id_column, made)
        if described is not None:
            _describe(kind, described, id_column, made)
    if "items" not in made.settings:
        _items_in_log(log, roles, made)
    made.sentences += [
        f"{seen.place} is ignored: nothing in it is needed."
        for seen in others
        if not _used(seen, made)
    ]
    return made


def _used(seen: _Seen, made: Guess) -> bool:
    return seen.place in (made.settings.get("items"), made.settings.get("users"))


def _look(place: str, base: Path, subject: str) -> _Seen:
    table = open_table(subject, place, base, None)
    sample = table.head(SAMPLE)
    return _Seen(
        place,
        table,
        sample.select(n for n, kind in sample.schema.items() if kind not in WITHOUT_WORDS),
    )


def _interactions(place: str, base: Path, made: Guess) -> tuple[_Seen, list[_Seen]]:
    """The file of interactions, and the other files of its folder."""
    files = find_files("interactions", place, base)
    folder = (base / place).is_dir()
    headers = set()
    seen = []
    for path in files if folder else ():
        try:
            looked = _look(
                path.relative_to(base).as_posix() if path.is_relative_to(base) else str(path),
                base,
                "files",
            )
        except DataError as wrong:
            made.sentences.append(f"{path.name} is ignored: it cannot be read ({wrong}).")
            continue
        seen.append(looked)
        headers.add(tuple(looked.columns))
    if not folder or len(headers) == 1:
        return _look(place, base, "interactions"), []
    logs = [
        looked for looked in seen if by_name(looked.columns, USER) and by_name(looked.columns, ITEM)
    ]
    if not logs:
        names = ", ".join(looked.place for looked in seen)
        raise ConfigError(
            f"none of the files has a column of users and one of items: {names}. Name the file instead."
        )
    log = max(logs, key=_worth)
    made.sentences.append(
        f"{log.place} holds the interactions: it has users and items, and most to go with them."
    )
    return log, [looked for looked in seen if looked is not log]


def _worth(seen: _Seen) -> tuple[int, int]:
    named = guess_roles(seen.sample).named()
    size = sum(part.path.stat().st_size for part in seen.table.parts if part.path is not None)
    return ("weight" in named) + ("event" in named) + ("time" in named), size


def _say_roles(roles: Roles, log: _Seen, made: Guess) -> None:
    told = ", ".join(f"{role} = {name!r}" for role, name in roles.named().items())
    made.sentences.append(f"Columns of {log.place}: {told}.")
    made.sentences += roles.why
    if roles.time is None:
        made.sentences.append(
            "No column holds times: the order of the file counts, and nothing is split by time."
        )
    elif not is_number(log.sample[roles.time]):
        made.sentences.append(
            "Times without a zone are read as UTC; change timezone if they were written elsewhere."
        )
    if (
        roles.weight is not None
        and 4 < max(numbers(log.sample[roles.weight]).drop_nulls().to_list()) <= 10
    ):
        made.sentences.append(
            'Every interaction counts as liked; with ratings, positive = "weight >= 4" would narrow it.'
        )
    if roles.weight is None and roles.event is None:
        made.sentences.append(
            "No column says how much somebody liked a thing: every interaction weighs 1."
        )


def _guess_events(roles: Roles, log: _Seen, made: Guess) -> None:
    if roles.event is None:
        return
    column = roles.event
    names = pl.concat(
        [part.frame.select(pl.col(column).cast(pl.String)) for part in log.table.parts]
    )
    found = (
        id_text(names.unique(maintain_order=True).collect(engine="streaming")[column])
        .drop_nulls()
        .to_list()
    )
    weights = {name: weight for name in found if (weight := event_weight(name)) is not None}
    if not weights:
        del made.settings["columns"]["event"]
        return
    made.settings["events"] = weights
    made.sentences.append(f"Weights of events are guesses by their names; correct them: {weights}.")
    against = [name for name in found if name not in weights]
    if against:
        made.sentences.append(
            f"Events that say the contrary of liking are left out: {', '.join(against)}."
        )


def _choose(kind: str, others: list[_Seen], id_column: str, made: Guess) -> _Seen | None:
    """The other file of the folder that describes items (or users) best."""
    words, contrary = (ITEM, USER) if kind == "items" else (USER, ITEM)
    fitting = []
    for seen in others:
        key = id_column if id_column in seen.columns else by_name(seen.columns, words)
        if key is None or by_name([c for c in seen.columns if c != key], contrary):
            continue
        if seen.sample[key].n_unique() < 0.9 * len(seen.sample) or _used(seen, made):
            continue
        features = guess_features(
            seen.sample, [c for c in seen.columns if c != key], texts=kind == "items"
        )
        fitting.append((sum(map(len, features.values())), seen))
    best = max(fitting, key=lambda pair: pair[0], default=(0, None))
    return best[1] if best[0] else None


def _describe(kind: str, seen: _Seen, id_column: str, made: Guess) -> None:
    single = kind[:-1]
    words = ITEM if kind == "items" else USER
    key = (
        id_column if id_column in seen.columns else by_name(seen.columns, words) or seen.columns[0]
    )
    others = [c for c in seen.columns if c != key]
    made.settings[kind] = seen.place
    if key != id_column:
        made.settings[f"{single}_columns"] = {"id": key}
    if kind == "items":
        windows = {c: c for c in others if c in ("available_from", "available_until")}
        if windows:
            made.settings["item_columns"] = {**made.settings.get("item_columns", {}), **windows}
        others = [c for c in others if c not in windows]
    features = guess_features(seen.sample, others, texts=kind == "items")
    _set_features(single, features, made)
    made.sentences.append(f"{seen.place} describes {kind} by {key!r}: {_words(features)}.")


def _set_features(single: str, features: Mapping[str, list[str]], made: Guess) -> None:
    allowed = {
        kind: [n for n in names if n not in ("id", "text") or kind == "text"]
        for kind, names in features.items()
    }
    made.settings[f"{single}_features"] = {kind: names for kind, names in allowed.items() if names}


def _words(features: Mapping[str, list[str]]) -> str:
    return (
        "; ".join(f"{kind} {', '.join(map(repr, names))}" for kind, names in features.items())
        or "no features"
    )


def _items_in_log(log: _Seen, roles: Roles, made: Guess) -> None:
    """Logs often carry the item's title and kind in every row."""
    free = [c for c in log.columns if c not in roles.named().values()]
    free = [c for c in free if is_described(log.sample, roles.item, c)]
    features = guess_features(log.sample.unique(roles.item, maintain_order=True), free, texts=True)
    if features:
        made.settings["items"] = log.place
        _set_features("item", features, made)
        made.sentences.append(f"{log.place} also describes its items: {_words(features)}.")
