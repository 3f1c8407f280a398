"""Text of data as Markdown shows it: without markup of its own."""

from collections.abc import Iterable


def plain(text: str) -> str:
    """Return a text without what Markdown or HTML would make of it.

    Args:
        text: any; line breaks become spaces.
    """
    for sign in "\\`*_{}[]<>#|":
        text = text.replace(sign, f"\\{sign}")
    return text.replace("\n", " ")


def bullets(sentences: Iterable[str]) -> str:
    """Return a list, an item a sentence.

    Args:
        sentences: of data, or ours.
    """
    return "\n".join(f"- {plain(sentence)}" for sentence in sentences)
