"""Check of the names of the interactions' columns."""

import re

from fusion.core.findings import Finding, FindingKind, declare
from fusion.ingest.checks.registry import Facts, data_check
from fusion.ingest.interactions import role_columns

NO_HEADER = declare(
    FindingKind(
        code="no_header",
        severity="warning",
        what="a column of interactions called like a value, as when a file has no line of names",
        happens="the first line is taken for the names",
        cure="Give columns by position in [data.columns], such as user = 1, or put a line of "
        "names before the first row and name them there; "
        "`fusion init FILE --config guessed.toml` guesses.",
    )
)
VALUE = re.compile(r"-?\d+([.:/T -]\d+)+Z?|\d{2,}")
"""A number of two digits or more, a decimal or a time.

Single digits pass: some exports number their columns so.
"""


@data_check
def no_header(facts: Facts) -> Finding | None:
    """Find columns whose names are numbers or times themselves.

    Args:
        facts: the settings are looked at.

    Returns:
        A finding, or None.
    """
    names = role_columns(facts.settings).values()
    value_like = [name for name in names if VALUE.fullmatch(name)]
    if not value_like:
        return None
    # Names are quoted, since a number in a sentence reads like a count.
    quoted = ", ".join(map(repr, value_like))
    message = f"{quoted} stand where names of columns should"
    examples = [{"column": name} for name in value_like]
    return NO_HEADER.finding("interactions", len(value_like), message, examples)
