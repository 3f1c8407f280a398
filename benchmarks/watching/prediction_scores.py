"""Print the table of `prediction_scores.py`: what a standardised value is worth.

The tail of the statistic given a baseline is that of the normal distribution, so that only
baselines are drawn and far tails are averages of smooth numbers, not counts of rare events.
"""

import argparse

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr

from fusion.watching.statistics.prediction_scores import SCORES, WINDOWS, centre_and_spread

Floats = NDArray[np.float64]
SEED = 1


def statistics(windows: int, draws: int) -> list[float]:
    """Return the statistic that a healthy window passes as rarely as a normal one passes a score.

    Args:
        windows: of the baseline.
        draws: baselines to average over.

    Returns:
        One statistic for each of `SCORES`.
    """
    rng = np.random.default_rng(SEED)
    baselines = rng.standard_normal((draws, windows))
    centre, spread = centre_and_spread(baselines)
    step = spread * np.sqrt(1 + 1 / windows)

    def excess(statistic: float, tail: float) -> float:
        above = ndtr(-centre - statistic * step)
        below = ndtr(centre - statistic * step)
        return float(np.mean(above + below)) - tail

    found = []
    for score in SCORES[1:]:
        tail = 2 * float(ndtr(-score))
        found.append(brentq(excess, 0.0, 1e4, args=(tail,)))
    return [0.0, *found]


def main() -> None:
    """Print one row for each number of windows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=400_000)
    draws = parser.parse_args().draws
    for windows in WINDOWS:
        row = ", ".join(f"{value:.3f}" for value in statistics(windows, draws))
        print(f"    ({row}),  # {windows}")


if __name__ == "__main__":
    main()
