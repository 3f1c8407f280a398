"""Taking people's ids out of what was written about runs: sentences, and JSON with example rows."""

import re
from collections.abc import Collection
from typing import Any

NOBODY = "(forgotten)"
"""Stands where a person's id stood."""
EXAMPLES = "e.g. "
"""Begins the examples in sentences: what follows are ids, also where they are plain numbers.

Findings, checks and errors hold their examples in fields of their own, and what is stored of them
has none. Only failures in older databases, and reasons that people wrote, are parsed for it.
"""
ONE = ("user", "user_id")
"""Keys under which JSON names a person, by outside id or by row number."""
MANY = ("users", "user_ids", "examples")
"""Keys under which JSON names several people."""
WORD_BEGINS = r"(?<!\w)"
AFTER_USER = r"\buser(?:_id)?[ =:]+['\"]?"
"""Comes before a plain number that is an id: a sentence has other numbers too."""


class Redactor:
    """Some people, to be taken out of texts and JSON about a run."""

    def __init__(self, ids: Collection[str], rows: Collection[int] = ()) -> None:
        """Prepare to take people out.

        Args:
            ids: their outside ids.
            rows: their row numbers in the run; none for texts that hold no row numbers.
        """
        self.ids = frozenset(ids)
        self.rows = frozenset(rows)
        # The longest first, so that "ann lee" goes whole where "ann" is one of the people too.
        words = sorted(self.ids, key=len, reverse=True)
        self._any = _pattern(words)
        self._plain = _pattern([word for word in words if not word.isdigit()])
        self._numbers = _pattern([word for word in words if word.isdigit()], AFTER_USER)

    def redact_text(self, text: str) -> str:
        """Replace ids that stand as words of their own.

        A plain number counts as an id only after the word user or among examples: a sentence has
        other numbers too.

        Args:
            text: a sentence.
        """
        head, sign, examples = text.partition(EXAMPLES)
        head = self._plain.sub(NOBODY, head)
        head = self._numbers.sub(_without_id, head)
        return head + sign + self._any.sub(NOBODY, examples)

    def redact(self, content: Any) -> Any:
        """Take the people out of JSON: examples that name one go whole, other texts lose the id.

        Args:
            content: an object, list or value of JSON.

        Returns:
            A copy.
        """
        if isinstance(content, dict):
            return {key: self._value(key, value) for key, value in content.items()}
        if isinstance(content, list):
            return [self.redact(each) for each in content if not self._names_one(each)]
        # A text without a space is a name of something else, such as a method called like a user.
        if isinstance(content, str) and " " in content:
            return self.redact_text(content)
        return content

    def _value(self, key: str, value: Any) -> Any:
        if key in ONE and self._is_one(value):
            return None
        if key in MANY and isinstance(value, list):
            return self.redact([each for each in value if not self._is_one(each)])
        return self.redact(value)

    def _names_one(self, content: Any) -> bool:
        return isinstance(content, dict) and any(self._is_one(content.get(key)) for key in ONE)

    def _is_one(self, value: Any) -> bool:
        if isinstance(value, int):
            return value in self.rows
        return isinstance(value, str) and value in self.ids


def _without_id(match: re.Match[str]) -> str:
    """Keep what a pattern matched, up to the id in its group."""
    return match[0][: -len(match[1])] + NOBODY


def _pattern(words: list[str], before: str = WORD_BEGINS) -> re.Pattern[str]:
    """A pattern of any of the words where it stands alone; of nothing where there are none."""
    if not words:
        return re.compile(r"(?!)()")
    alternatives = "|".join(map(re.escape, words))
    return re.compile(f"{before}({alternatives})(?!\\w)")
