"""Numbers of rows that an address names."""

LONGEST = 9
"""Digits of a number that every database takes as an integer."""


def row_number(text: str) -> int | None:
    """Read the number of a row.

    Args:
        text: a part of an address, of which nobody knows what it holds.

    Returns:
        The number; None where the text is none that a row may have.
    """
    is_number = text.isascii() and text.isdigit() and len(text) <= LONGEST
    return int(text) or None if is_number else None
