"""Named conditions of publishing: what a check gives, and the registry that runs them all.

A check is one function. It takes the evidence it needs, and stands in a file of checks::

    @check("scores are finite", needs="lists")
    def scores_are_finite(evidence: ListsEvidence) -> Check:
        return evidence.none_broken(~np.isfinite(evidence.scores))

Nothing else names it: the gate runs whatever is registered for the evidence it has.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, Literal, TypeVar

Evidence = TypeVar("Evidence")
EXAMPLES = 3
"""How many broken rows a check shows: enough to look at, few enough to read."""

Needs = Literal["verdict", "lists", "features", "serving", "exposure", "sql"]
"""Kinds of evidence, each of one class.

In training: the verdict, the lists, how features moved, the serving fits, and the exposure of item
groups; `admission` judges by these. At publishing: the run's lists in SQL.
"""


@dataclass(frozen=True)
class Check:
    """The result of one named condition of publishing.

    Attributes:
        name: what the condition is, for people; the registry fills it in.
        holds: whether it holds.
        message: one sentence without outside ids.
        broken: how many rows break it.
        rows: some of them, by row numbers of the run's `ids`; stored with the run.
        examples: the same by outside ids, for the one who watches; never stored, since a person
            must stay removable.
    """

    name: str
    holds: bool
    message: str
    broken: int = 0
    rows: tuple[Mapping[str, int], ...] = ()
    examples: tuple[Mapping[str, Any], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return what may be stored as JSON: all but the examples."""
        return {
            "name": self.name,
            "holds": self.holds,
            "message": self.message,
            "broken": self.broken,
            "rows": [dict(row) for row in self.rows],
        }

    def text(self) -> str:
        """Return one sentence for a person, with the examples."""
        sentence = f"{self.name}: {self.message}"
        if not self.examples:
            return sentence
        examples = "; ".join(_as_text(row) for row in self.examples)
        return f"{sentence}, e.g. {examples}"


def _as_text(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{column} {value!r}" for column, value in row.items())


def passes(message: str) -> Check:
    """Make the result of a check that holds, or that cannot be judged.

    Args:
        message: one sentence without outside ids; "not judged: ..." with the reason.

    Returns:
        A check whose name the registry fills in.
    """
    return Check("", True, message)


def fails(
    message: str,
    broken: int = 0,
    rows: tuple[Mapping[str, int], ...] = (),
    examples: tuple[Mapping[str, Any], ...] = (),
) -> Check:
    """Make the result of a check that does not hold.

    Args:
        message: one sentence without outside ids, with what to do about it.
        broken: how many rows break it.
        rows: some of them by row numbers, at most EXAMPLES.
        examples: the same by outside ids.

    Returns:
        A check whose name the registry fills in.
    """
    return Check("", False, message, broken, rows, examples)


_REGISTRY: dict[Needs, dict[str, Callable[[Any], Check | None]]] = {}
"""The functions by the evidence they need and by name, in the order in which they were declared."""


def check(
    name: str, needs: Needs
) -> Callable[[Callable[[Evidence], Check | None]], Callable[[Evidence], Check | None]]:
    """Register the function below it as a check of publishing.

    Args:
        name: what the condition is, for people, such as "scores are finite".
        needs: the kind of evidence that the function takes.

    Returns:
        A decorator. The function gives a result of `passes` or `fails`, or None where the
        condition does not apply; after decoration its result bears the name.

    Raises:
        ValueError: another check of this evidence has the name.
    """

    def _register(
        function: Callable[[Evidence], Check | None],
    ) -> Callable[[Evidence], Check | None]:
        # Called by hand, in a test, the function gives the same result as in the registry.
        @wraps(function)
        def _named(evidence: Evidence) -> Check | None:
            result = function(evidence)
            return None if result is None else replace(result, name=name)

        checks = _REGISTRY.setdefault(needs, {})
        # A second check of the name would hide the first, in the report and in the manifest.
        if name in checks:
            raise ValueError(f"two checks are called {name!r}")
        checks[name] = _named
        return _named

    return _register


def run_checks(needs: Needs, evidence: object) -> list[Check]:
    """Run every check of a kind of evidence.

    Args:
        needs: the kind.
        evidence: an instance of its class.

    Returns:
        The results of those that apply, in the order in which the checks were declared.
    """
    results = [judge(evidence) for judge in _REGISTRY.get(needs, {}).values()]
    return [result for result in results if result is not None]
