"""Weekday: items that are popular on the weekday on which a user is served.

A teaching example: a whole source in one file, with a comment wherever an author has a choice. Copy
it, rename it, and replace the two methods that hold the idea, `fit` and `scores`.
"""

from typing import Any, Self

import numpy as np

# Everything that a source needs comes from `fusion` itself. Modules behind it may move; these
# names stay.
from fusion import (
    Dataset,
    FitContext,
    Recommender,
    Scores,
    Settings,
    State,
    UserHistories,
    tunable,
)

DAYS = 7
MS_PER_DAY = 86_400_000
FIRST_WEEKDAY = 3
"""1970-01-01, where times begin, was a Thursday; Monday is 0."""


class WeekdayConfig(Settings):
    """Settings of `weekday`; a configuration gives them as `settings = { everyday = 0.5 }`.

    A number declared by `tunable` is searched by `[tune] trials`, between the bounds, on a log
    scale here. Declare only what decides the result; everything else is a pydantic `Field` with
    bounds and a description.
    """

    everyday: float = tunable(
        0.2, 0.01, 10, log=True, description="how much an average day counts beside the weekday"
    )


class Weekday(Recommender):
    """Counts of interactions on the user's weekday, and a little of those on an average day.

    The entry point in `pyproject.toml` registers this class. A source inside of Fusion would stand
    below `@register("weekday")` instead.
    """

    Config = WeekdayConfig

    # `fusion show USER --why` shows this sentence beside items that the source proposed. A source
    # without one is named: "weekday speaks for it".
    reason_text = "it is popular on this day of the week"

    # Without times there are no weekdays: on such data the source sits out, and the run says why.
    # A name that no data could ever offer is an error when the class is registered.
    needs = frozenset({"times"})

    def fit(self, data: Dataset, ctx: FitContext) -> Self:
        """Count the interactions of each item on each weekday.

        Args:
            data: what is known in the fold, nothing later; leave its arrays as they are.
            ctx: random stream, device, threads and budgets; this source needs none of them.

        Returns:
            The source itself.
        """
        # Learned attributes end in `_`. All of them are set here, so that a new fit forgets the
        # old one.
        cells = weekdays(data.times) * data.n_items + data.items
        counts = np.bincount(cells, minlength=DAYS * data.n_items)
        self.counts_ = counts.reshape(DAYS, data.n_items).astype(np.float32)
        return self

    def scores(self, users: UserHistories) -> Scores:
        """Look up the counts of each user's weekday.

        All that may be known of a user is in `users`: the history that is handed over, and the
        moment `as_of` at which they are served. They need not have been there at the fit.

        Args:
            users: B users.

        Returns:
            (B, I) float32. Higher is better, and only the order within a row has meaning.
        """
        average = self.counts_.mean(axis=0)
        by_weekday = self.counts_ + np.float32(self.config.everyday) * average
        # NaN is silence: of an item without interactions this source knows nothing. Zero would
        # be an opinion.
        by_weekday[:, average == 0] = np.nan
        return by_weekday[weekdays(users.as_of)]

    # `top` (lists) and `score_pairs` (scores of candidates) are made from `scores` by the base
    # class. Override them only to be faster, and then with the same result to the last bit. For
    # products of vectors, item x item links or few scores a user there are bases that do so:
    # FactorModel, ItemSimilarityModel and SparseScores, all in `fusion`.

    def state(self) -> State:
        """Return everything learned, as named arrays; they are stored without pickle."""
        return {"counts": self.counts_}

    @classmethod
    def restore(cls, config: Any, state: State) -> Self:
        """Make the fitted source from its state.

        Args:
            config: the settings that it was fitted with.
            state: what `state` returned.

        Returns:
            The fitted source; its scores are those from before, to the last bit.
        """
        model = cls(config)
        model.counts_ = state["counts"]
        return model

    def memory_bytes(self, n_users: int, n_items: int, n_events: int) -> int:
        """Estimate the peak memory of a fit; over the budget, a source is left out before it.

        Args:
            n_users: users of the data.
            n_items: items of the data.
            n_events: interactions of the data.

        Returns:
            Bytes: a cell for each event, and the counts twice.
        """
        return 16 * n_events + 2 * 8 * DAYS * n_items


def weekdays(times: np.ndarray) -> np.ndarray:
    """Return the weekday of each time, in UTC.

    Args:
        times: (N,) int64 ms since 1970.

    Returns:
        (N,) int64, 0 for Monday.
    """
    return (times // MS_PER_DAY + FIRST_WEEKDAY) % DAYS
