"""A check: one named condition of publishing, and how it went."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

EXAMPLES = 3
"""How many broken rows a check shows."""


@dataclass(frozen=True)
class Check:
    """One named condition of publishing: whether it holds, a sentence without ids, and how many rows break it.

    `rows` names a few of them by row numbers of the run's `ids`, and is stored with the run;
    `examples` names them by outside ids, for the one who watches, and is never stored: a person
    must stay removable.
    """

    name: str
    holds: bool
    message: str
    broken: int = 0
    rows: tuple[Mapping[str, int], ...] = ()
    examples: tuple[Mapping[str, Any], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """For JSON that is stored."""
        return {
            "name": self.name,
            "holds": self.holds,
            "message": self.message,
            "broken": self.broken,
            "rows": [dict(row) for row in self.rows],
        }

    def text(self) -> str:
        """One sentence for a person, with the examples."""
        shown = "; ".join(
            ", ".join(f"{name} {value!r}" for name, value in row.items()) for row in self.examples
        )
        return f"{self.name}: {self.message}" + (f", e.g. {shown}" if shown else "")
