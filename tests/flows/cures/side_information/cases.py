"""Findings about vectors and facts, and their cures."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from tests.flows.cures.case import Case, Cure, Refusal
from tests.flows.cures.shelf import Change, Row, Shelf, add, configure, every, one, together

NAMES = [str(number) for number in range(1, 25)]
PICTURES = {
    name: [float(value) for value in row]
    for name, row in zip(NAMES, np.random.default_rng(3).normal(size=(24, 3)), strict=True)
}
MAKERS = {name: f"maker {int(name) % 5}" for name in NAMES}


def pictures(changes: Mapping[str, list[float]] | None = None, prefix: str = "") -> Change:
    """Write vectors of all items, some of them others."""

    def change(shelf: Shelf) -> None:
        vectors = {**PICTURES, **(changes or {})}
        ids = [f"{prefix}{name}" for name in vectors]
        frame = pl.DataFrame({"item": ids, "vector": list(vectors.values())})
        frame.write_parquet(shelf.folder / "pictures.parquet")

    return change


NAMED = add("data", 'vectors = [{ path = "pictures.parquet" }]')
ALL_PICTURES = pictures()


def with_pictures(changes: Mapping[str, list[float]] | None = None, prefix: str = "") -> Change:
    return together(pictures(changes, prefix), NAMED)


def people(*prefixes: str) -> Change:
    """Write vectors of users, whose ids begin with each of some prefixes."""

    def change(shelf: Shelf) -> None:
        ids = [f"{prefix}{number}" for prefix in prefixes for number in range(1, 101)]
        vectors = np.random.default_rng(3).normal(size=(len(ids), 3)).tolist()
        frame = pl.DataFrame({"user": ids, "vector": vectors})
        frame.write_parquet(shelf.folder / "people.parquet")

    return change


OF_PEOPLE = 'vectors = [{ of = "users", path = "people.parquet" }]'


def row(item: str, relation: str, value: str, since: str = "") -> Row:
    return {"item": item, "relation": relation, "value": value, "valid_from": since}


def facts(*rows: Row) -> Change:
    """Write a maker of every item, and further facts."""

    def change(shelf: Shelf) -> None:
        shelf.write("facts.csv", [*(row(name, "maker", MAKERS[name]) for name in NAMES), *rows])

    return change


def with_facts(*rows: Row) -> Change:
    return together(facts(*rows), add("data", 'facts = "facts.csv"'))


def instead_of_soon(moment: str) -> Change:
    """Write a moment where a fact counts from "soon" on."""
    return every("facts.csv", valid_from=lambda one: one["valid_from"].replace("soon", moment))


ALL_FACTS = facts()
DATED = facts(row("3", "award", "gold", "2024-01-05"), row("4", "award", "tin", "2024-01-09"))
UNREADABLE = together(
    lambda shelf: np.save(shelf.folder / "pictures.npy", np.array([*PICTURES.values()])),
    lambda shelf: (shelf.folder / "ids.txt").write_text("\n".join(NAMES[1:]) + "\n"),
    add("data", 'vectors = [{ path = "pictures.npy", ids = "ids.txt" }]'),
)
IN_THE_CATALOGUE = together(
    one("items.csv", item="25", title="Item 25"),
    one("log.csv", item="25", user="1", time="2024-02-01"),
)
"""Names an item that vectors and facts know, and lets somebody take it."""

CASES = {
    "vectors_unreadable": Case(
        UNREADABLE,
        Cure(
            "Write a list of numbers a row",
            together(
                ALL_PICTURES, configure('"pictures.npy", ids = "ids.txt"', '"pictures.parquet"')
            ),
        ),
        Cure(
            "a matrix with as many rows as there are ids",
            lambda shelf: (shelf.folder / "ids.txt").write_text("\n".join(NAMES) + "\n"),
        ),
    ),
    "vector_dimensions": Case(
        with_pictures({"3": [1.0, 2.0]}),
        Cure("Make all vectors of a file by one model", ALL_PICTURES),
    ),
    "vector_not_finite": Case(
        with_pictures({"3": [1.0, float("nan"), 2.0]}),
        Cure("Mend the vector", ALL_PICTURES),
        Cure(
            "or leave its row out",
            lambda shelf: (
                pl.read_parquet(shelf.folder / "pictures.parquet")
                .filter(pl.col("item") != "3")
                .write_parquet(shelf.folder / "pictures.parquet")
            ),
        ),
    ),
    "vector_zero": Case(
        with_pictures({"3": [0.0] * 3}),
        Cure(
            "Leave the rows out that there is no vector of",
            lambda shelf: (
                pl.read_parquet(shelf.folder / "pictures.parquet")
                .filter(pl.col("item") != "3")
                .write_parquet(shelf.folder / "pictures.parquet")
            ),
        ),
    ),
    "vectors_of_users_missing": Case(
        together(people("x"), add("data", OF_PEOPLE)),
        Cure("Make vectors of the other users, too", people("x", "")),
        Cure("check that both files write ids alike", people("")),
    ),
    "vectors_missing": Case(
        with_pictures(prefix="0"),
        Cure("check that both files write ids alike", ALL_PICTURES),
    ),
    "vectors_of_unknown_items": Case(
        with_pictures({"25": [1.0, 2.0, 3.0]}),
        Cure("Name new items in the items file", IN_THE_CATALOGUE),
        Cure("check that both files write ids alike", ALL_PICTURES),
    ),
    "fact_incomplete": Case(
        with_facts(row("3", "award", "")), Cure("Leave rows out that say nothing", ALL_FACTS)
    ),
    "fact_repeated": Case(
        with_facts(row("3", "maker", MAKERS["3"])), Cure("Write each fact once", ALL_FACTS)
    ),
    "unparsable_valid_from": Case(
        with_facts(row("3", "award", "gold", "soon"), row("4", "award", "tin")),
        Cure("Write dates", DATED),
        Cure("ISO 8601 text", instead_of_soon("2024-01-01T00:00:00Z")),
        Cure("epoch seconds", instead_of_soon("1704067200")),
        Cure("leave the cell empty", every("facts.csv", valid_from=lambda one: "")),
    ),
    "facts_without_times": Case(
        together(DATED, add("data", 'facts = "facts.csv"'), configure('time = "time"\n', "")),
        Cure(
            "Name a time column in [data.columns]",
            configure('item = "item"\n', 'item = "item"\ntime = "time"\n'),
        ),
    ),
    "facts_of_unknown_items": Case(
        with_facts(row("25", "maker", "maker 1")),
        Cure("Name new items in the items file", IN_THE_CATALOGUE),
        Cure("check that both files write ids alike", ALL_FACTS),
    ),
    "relation_with_one_value": Case(
        together(
            with_facts(row("3", "kind", "thing"), row("4", "kind", "thing")),
            every("facts.csv", also=lambda one: f"{one['item']} {one['value']}"),
        ),
        Cure("Check [data.fact_columns] value", add("data", 'fact_columns = { value = "also" }')),
        Cure("leave the relation out", ALL_FACTS),
    ),
}


SETTINGS = "fusion/ingest/side_information/settings.py:"
WITH_FILES = together(
    ALL_PICTURES,
    lambda shelf: np.save(shelf.folder / "pictures.npy", np.array([*PICTURES.values()])),
    lambda shelf: (shelf.folder / "ids.txt").write_text("\n".join(NAMES) + "\n"),
)


def refusal(site: str, says: str, wrong: str, right: str) -> Refusal:
    """Entries of vectors that are refused, and what they are to be instead."""
    plant = together(WITH_FILES, add("data", f"vectors = [{wrong}]"))
    return Refusal(SETTINGS + site, says, plant, configure(wrong, right), words=("check",))


PARQUET, NAMED_IDS = '{ path = "pictures.parquet" }', '{ path = "pictures.npy", ids = "ids.txt" }'
REFUSALS = [
    refusal("VectorSettings._complete#1", "vectors need a path", '{ path = "" }', PARQUET),
    refusal(
        "VectorSettings._complete#2",
        "name the text file that holds them",
        '{ path = "pictures.npy" }',
        NAMED_IDS,
    ),
    refusal(
        "VectorSettings._complete#3",
        "name the column of ids by id",
        '{ path = "pictures.parquet", ids = "item" }',
        '{ path = "pictures.parquet", id = "item" }',
    ),
    refusal(
        "VectorSettings._complete#4",
        "give one by name",
        '{ path = "2.npy", ids = "ids.txt" }',
        '{ path = "pictures.npy", ids = "ids.txt", name = "two" }',
    ),
    refusal(
        "refuse_repeated",
        "give one another name",
        f"{PARQUET}, {NAMED_IDS}",
        f"{PARQUET}, {NAMED_IDS[:-1]}, name = 'matrix' }}",
    ),
]
