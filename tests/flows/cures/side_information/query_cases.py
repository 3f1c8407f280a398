"""Findings about queries, and their cures."""

from tests.flows.cures.case import Case, Cure
from tests.flows.cures.shelf import Change, Row, Shelf, add, configure, every, one, together

DAY = "2024-01-05"


def row(user: str, text: str, time: str = DAY) -> Row:
    return {"user": user, "text": text, "time": time}


GOOD = [row(str(user), f"something like item {user}") for user in range(1, 31)]


def queries(*more: Row) -> Change:
    """Write a query of each of thirty users, and further ones."""

    def change(shelf: Shelf) -> None:
        shelf.write("queries.csv", [*GOOD, *more])

    return change


def asked(*more: Row) -> Change:
    return together(queries(*more), add("data", 'queries = "queries.csv"'))


ALL = queries()
REMOVED = configure('queries = "queries.csv"\n', "")


def instead_of_soon(moment: str) -> Change:
    return every("queries.csv", time=lambda one: one["time"].replace("soon", moment))


STRANGERS = every("queries.csv", user=lambda one: f"9{one['user']:0>3}")

CASES = {
    "query_incomplete": Case(
        asked(row("", "somebody's search"), row("3", "")),
        Cure("Leave out searches of nobody", ALL),
        Cure(
            "give every other row its user, text and time",
            every(
                "queries.csv",
                user=lambda one: one["user"] or "4",
                text=lambda one: one["text"] or "more",
            ),
        ),
    ),
    "unparsable_query_time": Case(
        asked(row("3", "a search", "soon")),
        Cure("Write dates", instead_of_soon("2024-01-06")),
        Cure("ISO 8601 text", instead_of_soon("2024-01-06T00:00:00Z")),
        Cure("epoch seconds", every("queries.csv", time=lambda one: "1704412800")),
    ),
    "query_repeated": Case(asked(GOOD[0]), Cure("Export each query once", ALL)),
    "queries_without_times": Case(
        together(asked(), configure('time = "time"\n', "")),
        Cure(
            "Name a time column in [data.columns]",
            configure('item = "item"\n', 'item = "item"\ntime = "time"\n'),
        ),
        Cure("or leave [data] queries out", REMOVED),
    ),
    "queries_to_come": Case(
        asked(row("3", "a search", "2024-02-01")),
        Cure(
            "Export the interactions of the same days",
            one("log.csv", user="1", item="24", time="2024-02-02"),
        ),
    ),
    "queries_of_strangers": Case(
        together(asked(), STRANGERS),
        Cure("Check that both files write ids of users alike", ALL),
    ),
    "queries_without_texts": Case(
        together(asked(), configure('text = ["title"]\n', "")),
        Cure(
            "Name columns of words in [data.item_features] text",
            configure("[data.item_features]\n", '[data.item_features]\ntext = ["title"]\n'),
        ),
        Cure("or leave [data] queries out", REMOVED),
    ),
}
