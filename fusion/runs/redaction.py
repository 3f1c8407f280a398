"""Taking people's names out of what was written about runs: sentences, and JSON with example rows."""

import re
from collections.abc import Collection
from typing import Any

NOBODY = "(forgotten)"
"""What stands where a person's id stood."""
EXAMPLES = "e.g. "
"""Begins the examples in sentences: what follows are ids, also where they are plain numbers.

Findings, checks and errors hold their examples in fields of their own, and what is stored of them
has none. Only failures in older databases, and reasons that people wrote, are parsed for it.
"""
ONE, MANY = ("user", "user_id"), ("users", "user_ids", "examples")
"""Keys under which JSON names a person, by outside id or by row number, or several."""


class Redactor:
    """The outside ids of some people, and their row numbers in a run, as things to be taken out."""

    def __init__(self, ids: Collection[str], rows: Collection[int] = ()) -> None:
        self.ids, self.rows = frozenset(ids), frozenset(rows)
        words = sorted(self.ids, key=len, reverse=True)
        self._any = _pattern(words)
        self._plain = _pattern([word for word in words if not word.isdigit()])
        self._numbers = _pattern(
            [word for word in words if word.isdigit()], r"\buser(?:_id)?[ =:]+['\"]?"
        )

    def redact_text(self, text: str) -> str:
        """Replace ids that stand as words of their own.

        A plain number counts as an id only after the word user or among examples: a sentence has
        other numbers too.
        """
        head, sign, examples = text.partition(EXAMPLES)
        head = self._numbers.sub(
            lambda found: found[0][: -len(found[1])] + NOBODY, self._plain.sub(NOBODY, head)
        )
        return head + sign + self._any.sub(NOBODY, examples)

    def redact(self, content: Any) -> Any:
        """Take the people out of JSON: examples that name one go whole, other texts lose the id."""
        if isinstance(content, dict):
            return {key: self._value(key, value) for key, value in content.items()}
        if isinstance(content, list):
            return [self.redact(one) for one in content if not self._names_one(one)]
        return self.redact_text(content) if isinstance(content, str) and " " in content else content

    def _value(self, key: str, value: Any) -> Any:
        if key in ONE and self._is_one(value):
            return None
        if key in MANY and isinstance(value, list):
            return self.redact([one for one in value if not self._is_one(one)])
        return self.redact(value)

    def _names_one(self, content: Any) -> bool:
        return isinstance(content, dict) and any(self._is_one(content.get(key)) for key in ONE)

    def _is_one(self, value: Any) -> bool:
        return (
            value in self.rows
            if isinstance(value, int)
            else isinstance(value, str) and value in self.ids
        )


def _pattern(words: list[str], before: str = r"(?<!\w)") -> re.Pattern[str]:
    """Match any of the words where it stands alone; nothing where there are none."""
    return re.compile(f"{before}({'|'.join(map(re.escape, words))})(?!\\w)" if words else r"(?!)()")
