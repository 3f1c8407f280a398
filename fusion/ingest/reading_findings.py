"""Kinds of findings of reading: those of the side tables, and those of the reader itself."""

from fusion.core.findings import FindingKind, declare

NO_INTERACTIONS = declare(
    FindingKind(
        code="no_interactions",
        severity="error",
        what="no interaction that can be used",
        happens="nothing is read",
        cure="Mend what the other findings name, or choose a later --as-of.",
    )
)
BAD_POSITIVE = declare(
    FindingKind(
        code="bad_positive",
        severity="error",
        what="a [data] positive that cannot be read, names no column, or compares numbers with "
        "text",
        happens="nothing is read",
        cure="Correct the expression.",
    )
)
WRONG_TYPE = declare(
    FindingKind(
        code="wrong_type",
        severity="error",
        what="a column of a type that has no meaning there, such as lists as ids",
        happens="nothing is read",
        cure="Write ids as integers or text, weights as numbers, times as dates, numbers or text.",
    )
)
DUPLICATES = declare(
    FindingKind(
        code="duplicate_rows",
        severity="warning",
        what="rows equal to an earlier one in every column that is read",
        happens="the first stays, the others are left out",
        cure="Export each event once; without a time column, give counts as weight.",
    )
)
UNUSED_EVENTS = declare(
    FindingKind(
        code="unused_event",
        severity="warning",
        what="a name in [data.events] that no row has",
        happens="it has no effect",
        cure="Correct the name, or remove it.",
    )
)
AS_OF_WITHOUT_TIMES = declare(
    FindingKind(
        code="as_of_without_times",
        severity="error",
        what="a run as of a moment over data without times",
        happens="nothing is read: later interactions could not be left out",
        cure="Name a time column in [data.columns], or leave --as-of out.",
    )
)
AS_OF_FOR_ITEMS_ONLY = declare(
    FindingKind(
        code="as_of_for_items_only",
        severity="warning",
        what="a run as of a moment over items with availability and interactions without times",
        happens="the moment says which items are available; every interaction is used",
        cure="Name a time column in [data.columns] to leave out later interactions, too.",
    )
)
WINDOW_WITHOUT_TIMES = declare(
    FindingKind(
        code="window_without_times",
        severity="error",
        what="availability of items beside interactions without times",
        happens="nothing is read: it is not known which moment counts",
        cure="Name a time column in [data.columns], or say the moment by --as-of.",
    )
)
NULL_ID = declare(
    FindingKind(
        code="null_id",
        severity="warning",
        what="a row of the items, users or vectors without an id",
        happens="the row is left out",
        cure="Give every row an id.",
        limit=0.01,
    )
)
DUPLICATE_ID = declare(
    FindingKind(
        code="duplicate_id",
        severity="warning",
        what="an id with several, different rows in the items or users, or with several vectors",
        happens="the first row counts",
        cure="Keep one row an id.",
    )
)
UNPARSABLE_NUMBER = declare(
    FindingKind(
        code="unparsable_number",
        severity="warning",
        what="a number feature that is no finite number",
        happens="the cell counts as missing",
        cure="Mend the cells, or declare the column under `category`.",
    )
)
UNPARSABLE_WINDOW = declare(
    FindingKind(
        code="unparsable_window",
        severity="error",
        what="an available_from or available_until that is no time",
        happens="nothing is read: an item might be listed that must not be",
        cure="Write dates, ISO 8601 text or epoch seconds; leave the cell empty for no border.",
    )
)
