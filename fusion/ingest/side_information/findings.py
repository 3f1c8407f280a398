"""Kinds of findings about vectors and facts."""

from fusion.core.findings import FindingKind, declare

MIN_VECTOR_SHARE = 0.5
"""Share of the items with interactions below which vectors tell of the smaller part alone."""

UNREADABLE_VECTORS = declare(
    FindingKind(
        code="vectors_unreadable",
        severity="error",
        what="[data] vectors that are no lists of numbers in Parquet, or no .npy matrix with an id "
        "for each row",
        happens="nothing is read",
        cure="Write a list of numbers a row, or a matrix with as many rows as there are ids.",
    )
)
DIMENSIONS = declare(
    FindingKind(
        code="vector_dimensions",
        severity="warning",
        what="a vector with another number of dimensions than most",
        happens="it is left out",
        cure="Make all vectors of a file by one model.",
        limit=0.01,
    )
)
NOT_FINITE = declare(
    FindingKind(
        code="vector_not_finite",
        severity="warning",
        what="a vector with NaN, an infinity or an empty place",
        happens="it is left out",
        cure="Mend the vector, or leave its row out.",
        limit=0.01,
    )
)
ZERO_VECTORS = declare(
    FindingKind(
        code="vector_zero",
        severity="warning",
        what="a vector of zeros, which has no direction",
        happens="it is left out",
        cure="Leave the rows out that there is no vector of.",
    )
)
FEW_VECTORS = declare(
    FindingKind(
        code="vectors_missing",
        severity="warning",
        what=f"vectors for fewer than {MIN_VECTOR_SHARE:.0%} of the items with interactions",
        happens="the other items have none, and their similarity is missing",
        cure="Make vectors of the other items, too; check that both files write ids alike.",
    )
)
FEW_USER_VECTORS = declare(
    FindingKind(
        code="vectors_of_users_missing",
        severity="warning",
        what=f"vectors for fewer than {MIN_VECTOR_SHARE:.0%} of the users with interactions",
        happens="the other users have none, and nothing is learned from theirs",
        cure="Make vectors of the other users, too; check that both files write ids alike.",
    )
)
UNKNOWN_VECTORS = declare(
    FindingKind(
        code="vectors_of_unknown_items",
        severity="warning",
        what="vectors of items that neither interactions nor the items file name",
        happens="they are not used: what is listed comes from those two",
        cure="Name new items in the items file; check that both files write ids alike.",
    )
)
INCOMPLETE_FACT = declare(
    FindingKind(
        code="fact_incomplete",
        severity="warning",
        what="a fact without an item, a relation or a value",
        happens="the row is left out",
        cure="Leave rows out that say nothing.",
        limit=0.5,
    )
)
REPEATED_FACT = declare(
    FindingKind(
        code="fact_repeated",
        severity="warning",
        what="a fact that stands in several rows",
        happens="it counts once, from the earliest of its times on",
        cure="Write each fact once.",
    )
)
UNPARSABLE_VALID_FROM = declare(
    FindingKind(
        code="unparsable_valid_from",
        severity="error",
        what="a valid_from of a fact that is no time",
        happens="nothing is read: a fact might count before it was one",
        cure="Write dates, ISO 8601 text or epoch seconds; leave the cell empty for a fact that "
        "always counts.",
    )
)
FACTS_WITHOUT_TIMES = declare(
    FindingKind(
        code="facts_without_times",
        severity="error",
        what="facts with times beside interactions without times",
        happens="nothing is read: it is not known which facts count",
        cure="Name a time column in [data.columns], or say the moment by --as-of.",
    )
)
LATER_FACTS = declare(
    FindingKind(
        code="facts_to_come",
        severity="warning",
        what="facts that count from the end of the data or later",
        happens="they count once interactions after that are there",
        cure="Nothing needs doing where such facts are announced; check the column otherwise.",
    )
)
UNKNOWN_FACTS = declare(
    FindingKind(
        code="facts_of_unknown_items",
        severity="warning",
        what="facts about items that neither interactions nor the items file name",
        happens="they are not used: what is listed comes from those two",
        cure="Name new items in the items file; check that both files write ids alike.",
    )
)
SINGLE_VALUE = declare(
    FindingKind(
        code="relation_with_one_value",
        severity="warning",
        what="a relation of which all facts have the same value",
        happens="it is kept, and tells hardly any items apart",
        cure="Check [data.fact_columns] value; leave the relation out.",
    )
)
