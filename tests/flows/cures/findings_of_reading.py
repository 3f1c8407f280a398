"""Findings about files that are not what they seem, and their cures."""

from tests.flows.cures.case import Case, Cure
from tests.flows.cures.findings_of_files import as_text
from tests.flows.cures.shelf import every, one


def stray_quotes(text: str) -> str:
    """Open a quote in one row and close it in another."""
    rows = text.splitlines()
    rows[400] = rows[400].replace(",", ',"', 1)
    rows[600] = rows[600].replace(",2024", '",2024')
    return "\n".join(rows) + "\n"


CASES = {
    "swallowed_rows": Case(
        as_text(stray_quotes),
        Cure("Remove the quote", as_text(lambda text: text.replace('"', ""))),
    ),
    "line_break_in_id": Case(
        one("log.csv", number=5, user="1\n"),
        Cure("Remove the line break", every("log.csv", user=lambda row: row["user"].strip())),
    ),
    "long_id": Case(
        one("log.csv", user="1" + " " * 2000),
        Cure("Export the id alone", every("log.csv", user=lambda row: row["user"].strip())),
    ),
}
