"""Thresholds of this room that shape results."""

from dataclasses import dataclass

from fusion.core.defaults import room_defaults, threshold


@room_defaults("training")
@dataclass(frozen=True)
class TrainingDefaults:
    """Thresholds of tuning and of the twin ranker."""

    tuning_depth: int = threshold(10, "lists are judged by NDCG@10 everywhere, so also here")
    tuning_users: int = threshold(
        2000, "the standard error of a mean NDCG is then below 0.01, and a trial takes seconds"
    )
    tuning_events: int = threshold(
        500_000, "whole users up to so many interactions keep a trial short on large data"
    )
    tuning_weighting: str = threshold(
        "log",
        "weights as confidence are tried by their logarithm, which few large ones do not rule",
    )
    twin_seed_offset: int = threshold(
        1000, "added to the seed of the twin, apart from the seeds of a ranker's own boosters"
    )


DEFAULTS = TrainingDefaults()
