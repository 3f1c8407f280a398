"""Lasting shifts: what is too small to be sudden, and stays."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fusion.watching.figure import Figure, Measurement
from fusion.watching.statistics.judge import TREND, Judgement, judge, series, steady
from fusion.watching.statistics.prediction_scores import LEAST_WINDOWS, MOST_WINDOWS, score
from fusion.watching.statistics.shift_detector import ShiftDetector, shifted

Floats = NDArray[np.float64]
RECENT = 8
"""Windows back in which the beginning of a shift is looked for, to say how far it goes."""


def lasting_shifts(
    histories: Mapping[Figure, Sequence[Measurement]], rate: float
) -> list[Judgement]:
    """Find the figures that have shifted for good, as their newest window shows.

    Args:
        histories: measurements of each figure, oldest first, the newest window last.
        rate: false alarms that are expected at a window, all figures together.

    Returns:
        Judgements of the figures found, in state "alarm".
    """
    judgeable = {}
    for figure, measurements in histories.items():
        if len(measurements) > LEAST_WINDOWS + 1 and (figure.low or figure.high):
            judgeable[figure.key] = (figure, list(measurements[-MOST_WINDOWS:]))
    restart = len(judgeable) / rate if judgeable else np.inf
    evidence = {}
    for key, (figure, measurements) in judgeable.items():
        values = steady(figure, measurements[:-1], measurements[-1])
        evidence[key] = newest_evidence(values, restart)
    found = []
    for key in sorted(shifted(evidence, rate)):
        figure, measurements = judgeable[key]
        judgement = _describe(figure, measurements)
        if judgement is not None:
            found.append(judgement)
    return found


def newest_evidence(values: Floats, restart: float) -> float:
    """Return the evidence of a shift after the newest value.

    Args:
        values: (n,) steady values of a figure, oldest first.
        restart: evidence at which an earlier shift is taken as found: what follows is compared with
            the windows after it.

    Returns:
        The e-value; 0 where there are too few windows.
    """
    begin = 0
    detector = ShiftDetector()
    for at in range(len(values)):
        baseline = values[begin:at]
        if len(baseline) < LEAST_WINDOWS:
            continue
        if detector.evidence >= restart:
            begin, detector = at - 1, ShiftDetector()
            continue
        detector = detector.step(score(float(values[at]), baseline))
    return detector.evidence


def _describe(figure: Figure, measurements: list[Measurement]) -> Judgement | None:
    """Return the judgement of a shift; None where it is too small to speak of."""
    newest = measurements[-1]
    before, value = series(figure, measurements[:-1], newest)
    usual = float(np.median(before))
    lately = _shifted_mean(np.append(before, value), usual)
    effect = figure.scale.effect(lately, usual)
    # Far causes are of what is sudden: a fault begins between two windows.
    cause = figure.low if effect < 0 else figure.high
    if cause is None or abs(effect) < figure.scale.floor:
        return None
    judged = judge(figure, measurements[:-1], newest, limit=TREND)
    return replace(judged, state="alarm", cause=cause, effect=effect, lately=lately, usual=usual)


def _shifted_mean(values: Floats, usual: float) -> float:
    """Mean of the newest windows, as many of them as say the most for a shift."""
    means = values[::-1][:RECENT].cumsum() / np.arange(1, min(RECENT, len(values)) + 1)
    evidence = np.abs(means - usual) * np.sqrt(np.arange(1, len(means) + 1))
    return float(means[evidence.argmax()])
