"""Kinds of findings about queries."""

from fusion.core.findings import FindingKind, declare

MIN_KNOWN_SHARE = 0.1
"""Share of those who wrote that interactions should name: of a shop's searchers some have taken
something."""

INCOMPLETE_QUERY = declare(
    FindingKind(
        code="query_incomplete",
        severity="warning",
        what="a query without a user, a text or a time",
        happens="the row is left out: it says nothing, or nobody knows of whom or when",
        cure="Leave out searches of nobody and rows that say nothing; give every other row its "
        "user, text and time.",
        limit=0.5,
    )
)
UNPARSABLE_QUERY_TIME = declare(
    FindingKind(
        code="unparsable_query_time",
        severity="warning",
        what="a time of a query that is no time",
        happens="the row is left out: it might count before it was written",
        cure="Write dates, ISO 8601 text or epoch seconds.",
        limit=0.01,
    )
)
REPEATED_QUERY = declare(
    FindingKind(
        code="query_repeated",
        severity="warning",
        what="a query that equals an earlier one in user, text and time",
        happens="it counts once",
        cure="Export each query once.",
    )
)
QUERIES_WITHOUT_TIMES = declare(
    FindingKind(
        code="queries_without_times",
        severity="error",
        what="queries beside interactions without times",
        happens="nothing is read: it is not known what was written before whose moment",
        cure="Name a time column in [data.columns], or leave [data] queries out.",
    )
)
LATER_QUERIES = declare(
    FindingKind(
        code="queries_to_come",
        severity="warning",
        what="queries from the end of the data or later",
        happens="they count once interactions after that are there",
        cure="Export the interactions of the same days as the queries.",
    )
)
QUERIES_OF_STRANGERS = declare(
    FindingKind(
        code="queries_of_strangers",
        severity="warning",
        what=f"queries of whose users fewer than {MIN_KNOWN_SHARE:.0%} have interactions",
        happens="all who wrote are kept, and served as cold users",
        cure="Check that both files write ids of users alike.",
    )
)
QUERIES_WITHOUT_TEXTS = declare(
    FindingKind(
        code="queries_without_texts",
        severity="warning",
        what="queries beside items without a text",
        happens="they are not used: there is nothing to compare them with",
        cure="Name columns of words in [data.item_features] text, or leave [data] queries out.",
    )
)
