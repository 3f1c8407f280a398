"""Kinds of steps: what steps have in common that do the same on another fold."""

import re
from collections.abc import Mapping

OUTSIDE_STEPS = "outside of steps"
"""What is done before the first step and between them."""
# "fit als on label-2" -> "fit als on a fold"
_FOLD = re.compile(r"(?<= o[nf] )(label-\d+|tune|verdict|serving|hidden items)$")
_OF_SOURCE = re.compile(r"^(fit|tune) (\S+)")


def kind_of(step: str) -> str:
    """Return the kind of a step: its name without the fold that it works on.

    Args:
        step: its name, as the manifest has it.
    """
    return _FOLD.sub("a fold", step)


def fit_kind(source: str) -> str:
    """Return the kind of a source's fits.

    Args:
        source: its name.
    """
    return f"fit {source} on a fold"


def tune_kind(source: str) -> str:
    """Return the kind of a source's tuning.

    Args:
        source: its name.
    """
    return f"tune {source}"


def source_of(kind: str) -> str:
    """Return the source that a kind is about.

    Args:
        kind: of a step.

    Returns:
        Its name; "" for a kind that is about no source.
    """
    found = _OF_SOURCE.match(kind)
    return found[2] if found else ""


def by_use(kind: str, uses: Mapping[str, str]) -> str:
    """Return a kind with the recommender in place of the source's own name.

    Args:
        kind: of a step.
        uses: the recommender of each configured source, by name.
    """
    return _OF_SOURCE.sub(lambda found: f"{found[1]} {uses.get(found[2], found[2])}", kind)


def is_side_by_side(kind: str) -> bool:
    """Return whether steps of a kind run beside each other, one core each: fits and tuning.

    Args:
        kind: of a step.
    """
    return kind.startswith(("fit ", "tune "))
