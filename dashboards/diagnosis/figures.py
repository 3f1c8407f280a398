"""Arithmetic of figures that two runs share."""

from math import sqrt

from dashboards.diagnosis.facts import Pair

DEVIATIONS = 4.0
"""Standard errors by which a share of labels must have moved: labels of one user hang together, so
that the plain error is too small."""
SMALL = 0.03
"""Share of rows or users below which a change is none, as in watches."""
LARGE = 0.1
"""Share of rows or users from which on a change is broken, as in watches."""


def share(part: float | None, whole: float | None) -> float | None:
    """Return a part of a whole; None where one is not known, or there is nothing.

    Args:
        part: of the whole.
        whole: all of it.
    """
    return part / whole if part is not None and whole else None


def shares(part: Pair, whole: Pair) -> Pair:
    """Return the shares of both runs.

    Args:
        part: of the whole.
        whole: all of it.
    """
    return Pair(share(part.now, whole.now), share(part.before, whole.before))


def growth(pair: Pair) -> float | None:
    """Return by how much a figure grew; None where one of its values is not known.

    Args:
        pair: of both runs.
    """
    if pair.now is None or pair.before is None:
        return None
    return pair.now - pair.before


def ratio(pair: Pair) -> float | None:
    """Return the newer value as a multiple of the older one; None where that is not known.

    Args:
        pair: of both runs.
    """
    return pair.now / pair.before if pair.now is not None and pair.before else None


def has_fallen(pair: Pair, cases: Pair, kept: float) -> bool:
    """Say whether a share fell far, and farther than so few cases do by chance.

    Args:
        pair: the share in both runs.
        cases: of how many.
        kept: what must be left of it, as a share of the older value, for it not to have fallen far.
    """
    now, before = pair.now, pair.before
    if now is None or before is None or not cases.now or not cases.before:
        return False
    if now >= kept * before:
        return False
    pooled = (now * cases.now + before * cases.before) / (cases.now + cases.before)
    error = sqrt(max(pooled * (1 - pooled), 0.0) * (1 / cases.now + 1 / cases.before))
    return before - now >= DEVIATIONS * error
