"""Answers to questions as people write them: `260=y,1196=n,7=?`."""

from collections.abc import Mapping

from fusion.errors import ConfigError

WORDS: dict[str, bool | None] = {"y": True, "n": False, "?": None}
"""What is written for yes, no, and "I do not know it"."""


def parse_answers(text: str) -> dict[str, bool | None]:
    """Read the answers that an option gives.

    Args:
        text: answers with commas between, each an item's id, an equals sign, and y, n or ?.

    Returns:
        Outside id -> whether they like the item; None where they do not know it.

    Raises:
        ConfigError: a part is no answer, or an item is answered twice.
    """
    answers: dict[str, bool | None] = {}
    for part in filter(None, map(str.strip, text.split(","))):
        item, _, word = part.rpartition("=")
        item, word = item.strip(), word.strip().lower()
        if not item or word not in WORDS:
            raise ConfigError(
                f"--answers {part!r} is no answer; write an item's id, =, and y, n or ? (not "
                "known), with commas between: 260=y,1196=n,7=?"
            )
        if item in answers:
            raise ConfigError(f"--answers has two answers to {item!r}; give one")
        answers[item] = WORDS[word]
    if not answers:
        raise ConfigError(f"--answers {text!r} has no answer; write such as 260=y,1196=n")
    return answers


def write_answers(answers: Mapping[str, bool | None]) -> str:
    """Write answers as `parse_answers` reads them.

    Args:
        answers: outside id -> whether they like the item.
    """
    letters = {said: letter for letter, said in WORDS.items()}
    return ",".join(f"{item}={letters[said]}" for item, said in answers.items())
