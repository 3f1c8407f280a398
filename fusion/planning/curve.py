"""A cost as a function of a size, fitted to two measurements."""

import math
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Curve:
    """A cost `base + rate * size ** power`.

    Attributes:
        base: what does not depend on the size.
        rate: of the rest.
        power: 1 or more.
    """

    base: float = 0.0
    rate: float = 0.0
    power: float = 1.0

    def at(self, size: float) -> float:
        """Return the cost of a size.

        Args:
            size: of the work, at least 0.
        """
        return float(self.base + self.rate * size**self.power)

    @classmethod
    def fitted(cls, small: tuple[float, float], large: tuple[float, float]) -> Self:
        """Return the curve through two measurements.

        A cost that grows more slowly than its size is a line with a part that does not grow, which
        a power below 1 would take for savings that go on for ever. One that grows faster is a
        power. One that shrinks is chance, and counts as constant.

        Args:
            small: a size above 0 and its cost.
            large: a larger size and its cost.
        """
        (size, cost), (more, dearer) = small, large
        if dearer <= cost:
            return cls(base=(cost + dearer) / 2)
        if cost > 0 and dearer / cost > more / size:
            power = math.log(dearer / cost) / math.log(more / size)
            return cls(rate=dearer / more**power, power=power)
        rate = (dearer - cost) / (more - size)
        return cls(base=max(cost - rate * size, 0.0), rate=rate)
