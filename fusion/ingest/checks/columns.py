"""Check of what the columns of interactions are called."""

import re

from fusion.core.findings import Finding, FindingKind, declare
from fusion.ingest.checks.registry import Facts, data_check
from fusion.ingest.interactions import role_columns

NO_HEADER = declare(
    FindingKind(
        "no_header",
        "warning",
        "a column of interactions called like a value, as when a file has no line of names",
        "the first line is taken for the names",
        "Put a line of names before the first row, and run `fusion init` anew.",
    )
)
VALUE = re.compile(r"-?\d+([.:/T -]\d+)+Z?|\d{2,}")
"""A number of two digits or more, a decimal or a time; single digits are what columns without names are counted by."""


@data_check
def no_header(facts: Facts) -> Finding | None:
    """Names of users, items, times or weights that are numbers or times themselves."""
    odd = [name for name in role_columns(facts.settings).values() if VALUE.fullmatch(name)]
    if not odd:
        return None
    message = f"{', '.join(map(repr, odd))} stand where names of columns should"
    return NO_HEADER.finding("interactions", len(odd), message, [{"column": name} for name in odd])
