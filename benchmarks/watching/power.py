"""Print the power of both detectors: how soon a shift of a figure is noticed, by its size.

A steady figure (independent normal windows, one week each) is watched beside thirty others; after
some windows it shifts for good. A row says in how many of the simulated shops each detector has
noticed by the first, fourth and thirteenth window after that. Floors of effect are left out: they
hang on the figure, not on the detector. `26 + 5` are five windows after an earlier change that is
health by now, and 26 before it.
"""

import argparse

import numpy as np

from fusion.watching.statistics.false_alarms import FalseAlarmBudget
from fusion.watching.statistics.judge import SURE_WINDOWS
from fusion.watching.statistics.lasting import newest_evidence
from fusion.watching.statistics.prediction_scores import NO_WINDOWS, score
from fusion.watching.watch import FIGURES_OF_A_DAY

WEEK = 7
FIGURES = 30
"""Figures of a window that share the budget."""
PAST = ((0, 9), (0, 26), (0, 52), (26, 5))
"""Windows of an older level, and of the present one before the shift."""
SHIFTS = (0.75, 1.5, 3.0, 6.0)
"""Standard deviations of a window."""
AFTER = (1, 4, 13)


def noticed(
    older: int, past: int, shift: float, budget: FalseAlarmBudget, seed: int
) -> tuple[int, int]:
    """Watch one figure through a shift.

    Args:
        older: healthy windows of an older level.
        past: healthy windows of the present one, before the shift.
        shift: in standard deviations.
        budget: of false alarms.
        seed: of the figure.

    Returns:
        Windows after the shift at which the band and the e-detector notice it, from 1; one more
        than the largest of `AFTER` where they do not.
    """
    drawn = np.random.default_rng(seed).normal(size=older + past + max(AFTER))
    before, values = drawn[:older], drawn[older:]
    values[past:] += shift
    # Of a single stream among others that are calm, as e-BH asks of the largest.
    enough = FIGURES / budget.shift_rate(budget.windows_per_year)
    first = [max(AFTER) + 1, max(AFTER) + 1]
    for at in range(past, len(values)):
        window = at - past + 1
        earlier = before if at < SURE_WINDOWS else NO_WINDOWS
        is_sudden = abs(score(float(values[at]), values[:at], earlier)) > budget.band_score
        is_lasting = newest_evidence(values[: at + 1], np.inf, before) >= enough
        for detector, is_noticed in enumerate((is_sudden, is_lasting)):
            if is_noticed:
                first[detector] = min(first[detector], window)
    return first[0], first[1]


def main() -> None:
    """Print a row for each number of windows and each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shops", type=int, default=400)
    parser.add_argument("--false-alarms", type=float, default=1.0, help="a year")
    options = parser.parse_args()
    budget = FalseAlarmBudget(options.false_alarms, FIGURES_OF_A_DAY, FIGURES, WEEK)
    within = [f"{detector} {after}" for detector in ("band", "drift") for after in AFTER]
    print("| windows before | shift | " + " | ".join(within) + " |")
    print("| --- | --- |" + " --- |" * len(within))
    for older, past in PAST:
        for shift in SHIFTS:
            first = np.array(
                [noticed(older, past, shift, budget, seed) for seed in range(options.shops)]
            )
            shares = [
                f"{(first[:, detector] <= after).mean():.0%}"
                for detector in range(2)
                for after in AFTER
            ]
            print(
                f"| {f'{older} + ' if older else ''}{past} | {shift} | "
                + " | ".join(shares)
                + " |",
                flush=True,
            )


if __name__ == "__main__":
    main()
