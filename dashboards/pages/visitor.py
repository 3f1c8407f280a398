"""Who looks at a page, where somebody may write: what forms need."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import HTTPConnection

VISITOR = "visitor"
"""Key of a request's scope that has the visitor; missing where nobody may write."""
FORM = "form"
"""Key of a request's scope that has the fields of a form whose proof was seen."""
DONE = "done"
"""The parameter of an address that says what was done a moment ago."""


@dataclass(frozen=True)
class Visitor:
    """A person who may write.

    Attributes:
        name: for histories.
        proof: what each form of theirs carries, so that no other page can send it.
        sign_done: makes the value of `DONE` for the name of what was done.
        done: what was done a moment ago, in the words of `sign_done`; "" for nothing.
    """

    name: str
    proof: str
    sign_done: Callable[[str], str]
    done: str = ""


def visitor_of(request: HTTPConnection) -> Visitor | None:
    """Return who asks.

    Args:
        request: what was asked.

    Returns:
        The person; None where nobody may write.
    """
    found: Visitor | None = request.scope.get(VISITOR)
    return found
