"""The regression of `sequence_ridge` by the letter: a row for every moment of every history."""

import numpy as np


def rows_of_moments(history, kept, half_life, last, ahead):
    """S and T (M, K) of one user: the newest events before each moment, and the next ones."""
    column = {item: place for place, item in enumerate(kept)}
    sources = np.zeros((max(len(history) - 1, 0), len(kept)))
    targets = np.zeros_like(sources)
    for row, moment in enumerate(range(1, len(history))):
        for age, item in enumerate(reversed(history[max(0, moment - last) : moment])):
            if item in column:
                sources[row, column[item]] += 0.5 ** (age / half_life)
        for place, item in enumerate(history[moment : moment + ahead], 1):
            if item in column:
                targets[row, column[item]] += 1 / place
    return sources, targets


def slow_weights(histories, kept, config):
    """B (K, K) float64 from histories, one list of items a user."""
    window = (config.half_life, config.last, config.ahead)
    users = [rows_of_moments(history, kept, *window) for history in histories]
    sources = np.vstack([rows for rows, _ in users])
    targets = np.vstack([rows for _, rows in users])
    gram = sources.T @ sources + config.reg * np.eye(len(kept))
    return np.linalg.solve(gram, sources.T @ targets)
