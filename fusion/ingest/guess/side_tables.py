"""Guesses of which files describe items and users, and by which columns."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fusion.ingest.column_settings import Column
from fusion.ingest.guess.column_roles import Roles, by_name
from fusion.ingest.guess.draft import Guess, SampledTable
from fusion.ingest.guess.feature_columns import guess_features, is_described
from fusion.ingest.guess.vocabulary import ITEM, USER

MIN_UNIQUE_SHARE = 0.9
"""Share of different ids among the rows of a table that describes them: one row an id, nearly."""
WINDOWS = ("available_from", "available_until")
"""Columns that are borders of availability where they are called exactly so."""


@dataclass(frozen=True)
class SideTable:
    """One of the two kinds of tables beside the interactions.

    Attributes:
        name: its key in the configuration.
        single: one row of it, which begins the keys about its columns.
        id_words: words for its ids.
        contrary_words: words for the ids of the other kind.
        has_texts: free text describes it.
    """

    name: str
    single: str
    id_words: frozenset[str]
    contrary_words: frozenset[str]
    has_texts: bool

    def features(self, table: SampledTable, columns: Iterable[str]) -> dict[str, list[str]]:
        """Sort columns by the kind of feature they hold.

        Args:
            table: the file.
            columns: those to sort.

        Returns:
            "text", "category" and "number" -> columns, as far as there are any.
        """
        return guess_features(table.sample, columns, texts=self.has_texts)


ITEMS = SideTable("items", "item", ITEM, USER, has_texts=True)
USERS = SideTable("users", "user", USER, ITEM, has_texts=False)


def choose_table(
    side: SideTable, tables: Iterable[SampledTable], id_column: str | None, draft: Guess
) -> SampledTable | None:
    """Choose the file that describes items (or users) by most features.

    Args:
        side: what it should describe.
        tables: files beside the interactions.
        id_column: the column of the interactions with the ids; None where they have no names.
        draft: what was guessed so far; a file is used once.

    Returns:
        The first of the best; None where none describes them.
    """
    best = None
    best_count = 0
    for table in tables:
        key = _key(side, table, id_column)
        if key is None or draft.uses_as_table(table.place):
            continue
        others = table.columns_without(key)
        # A table with ids of the other kind is another log, such as one of tags.
        has_contrary = by_name(others, side.contrary_words) is not None
        n_unique = table.sample[key].n_unique()
        if has_contrary or n_unique < MIN_UNIQUE_SHARE * len(table.sample):
            continue
        count = sum(map(len, side.features(table, others).values()))
        if count > best_count:
            best, best_count = table, count
    return best


def describe_table(
    side: SideTable, table: SampledTable, id_column: str | None, draft: Guess
) -> None:
    """Write a file of items (or users) into the guess.

    Args:
        side: what it describes.
        table: the file.
        id_column: the column of the interactions with the ids; None where they have no names.
        draft: takes the settings and a sentence.
    """
    key = _key(side, table, id_column) or table.columns[0]
    others = table.columns_without(key)
    draft.settings[side.name] = table.place
    columns = {} if key == id_column else {"id": table.reference(key)}
    if side is ITEMS:
        columns |= {name: table.reference(name) for name in others if name in WINDOWS}
        others = [name for name in others if name not in WINDOWS]
    if columns:
        draft.settings[f"{side.single}_columns"] = columns
    features = side.features(table, others)
    draft.settings[f"{side.single}_features"] = _allowed(features, table)
    draft.sentences += table.about_names()
    draft.sentences.append(f"{table.place} describes {side.name} by {key!r}: {_words(features)}.")


def describe_items_in_log(log: SampledTable, roles: Roles, draft: Guess) -> None:
    """Take the interactions as the items table too, where every row carries title and kind.

    Args:
        log: the file of interactions.
        roles: its columns by role.
        draft: takes the settings and a sentence.
    """
    with_role = roles.named().values()
    free = [column for column in log.columns if column not in with_role]
    described = [name for name in free if is_described(log.sample, roles.item, name)]
    # Kinds of features are judged over items: a sample of the log repeats the popular ones.
    one_row_an_item = log.sample.unique(roles.item, maintain_order=True)
    features = guess_features(one_row_an_item, described, texts=True)
    if features:
        draft.settings["items"] = log.place
        draft.settings["item_features"] = _allowed(features, log)
        draft.sentences.append(f"{log.place} also describes its items: {_words(features)}.")


def _key(side: SideTable, table: SampledTable, id_column: str | None) -> str | None:
    """The column of ids: called as in the interactions, else the one with the best name.

    Without names it is the first that nearly every row has for itself.
    """
    if not table.has_names:
        for column in table.columns:
            if table.sample[column].n_unique() >= MIN_UNIQUE_SHARE * len(table.sample):
                return column
        return None
    if id_column is not None and id_column in table.columns:
        return id_column
    return by_name(table.columns, side.id_words)


def _allowed(features: Mapping[str, list[str]], table: SampledTable) -> dict[str, list[Column]]:
    """Leave out categories and numbers whose names the tables use otherwise."""
    allowed = {}
    for kind, names in features.items():
        # Texts are joined to one column, so that their own names are free.
        taken = () if kind == "text" else ("id", "text")
        kept = [name for name in names if name not in taken]
        if kept:
            allowed[kind] = table.references(kept)
    return allowed


def _words(features: Mapping[str, list[str]]) -> str:
    parts = []
    for kind, names in features.items():
        quoted = ", ".join(map(repr, names))
        parts.append(f"{kind} {quoted}")
    return "; ".join(parts) or "no features"
