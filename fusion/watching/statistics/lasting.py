"""Lasting shifts: what is too small to be sudden, and stays."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fusion.watching.figure import Figure, Measurement
from fusion.watching.statistics.judge import TREND, Judgement, judge, older_level, series, steady
from fusion.watching.statistics.prediction_scores import (
    MOST_WINDOWS,
    NO_WINDOWS,
    can_score,
    score,
)
from fusion.watching.statistics.shift_detector import ShiftDetector, shifted

Floats = NDArray[np.float64]
RECENT = 8
"""Windows back in which the beginning of a shift is looked for, to say how far it goes."""


def lasting_shifts(
    histories: Mapping[Figure, Sequence[Measurement]],
    rate: float,
    older: Mapping[Figure, Sequence[Measurement]] | None = None,
) -> list[Judgement]:
    """Find the figures that have shifted for good, as their newest window shows.

    Args:
        histories: measurements of each figure, oldest first, the newest window last.
        rate: false alarms that are expected at a window, all figures together.
        older: measurements before these, when the level was another; they tell the spread alone.

    Returns:
        Judgements of the figures found, in state "alarm".
    """
    judgeable, streams = {}, {}
    for figure, measurements in histories.items():
        listed = list(measurements[-MOST_WINDOWS:])
        values = steady(figure, listed[:-1], listed[-1])
        earlier = older_level(figure, (older or {}).get(figure, ()), len(values) - 1)
        # Two scores at least: what one window shows is sudden.
        if can_score(len(values) - 2, len(earlier)) and (figure.low or figure.high):
            judgeable[figure.key] = (figure, listed)
            streams[figure.key] = (values, earlier)
    restart = len(judgeable) / rate if judgeable else np.inf
    evidence = {
        key: newest_evidence(values, restart, earlier) for key, (values, earlier) in streams.items()
    }
    found = []
    for key in sorted(shifted(evidence, rate)):
        judgement = _describe(*judgeable[key])
        if judgement is not None:
            found.append(judgement)
    return found


def newest_evidence(values: Floats, restart: float, earlier: Floats = NO_WINDOWS) -> float:
    """Return the evidence of a shift after the newest value.

    Args:
        values: (n,) steady values of a figure, oldest first.
        restart: evidence at which an earlier shift is taken as found: what follows is compared with
            the windows after it.
        earlier: (m,) values of an older level, which tell the spread alone.

    Returns:
        The e-value; 0 where there are too few windows.
    """
    begin = 0
    detector = ShiftDetector()
    for at in range(len(values)):
        baseline = values[begin:at]
        if not can_score(len(baseline), len(earlier)):
            continue
        if detector.evidence >= restart:
            begin, detector, earlier = at - 1, ShiftDetector(), NO_WINDOWS
            continue
        detector = detector.step(score(float(values[at]), baseline, earlier))
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
