"""Thresholds of this room that shape results."""

from dataclasses import dataclass

from fusion.core.defaults import room_defaults, threshold


@room_defaults("contributions")
@dataclass(frozen=True)
class ContributionDefaults:
    """Thresholds of asking what sources add, and of leaving them out."""

    price: float = threshold(
        0.01,
        "share of NDCG@10 that the whole cost of a run is worth: all that is left out together may "
        "cost no more",
    )
    risk: float = threshold(
        0.05, "chance at most that any source is left out that is worth its cost (Holm)"
    )
    min_users: int = threshold(
        200, "with fewer labelled users no difference that sources make can be told from chance"
    )
    max_candidates: int = threshold(
        600_000, "candidates of whole users that are judged: memory stays below the ranker's own"
    )
    depth: int = threshold(
        20, "candidates that some source ranks higher fill nearly all first ten places"
    )
    training_rows: int = threshold(
        30_000, "rows that a small ranker learns from: a fit takes a tenth of a second"
    )
    trees: int = threshold(40, "small rankers of 7 leaves gain little by more")
    leaves: int = threshold(7, "larger trees differ more from fit to fit than sources do")
    learning_rate: float = threshold(0.15, "times the trees, what rankers of few users come to")
    min_leaf: int = threshold(
        20, "candidates a leaf must hold: what is right for few users must be learnable of half"
    )
    bins: int = threshold(63, "values of a feature that a small ranker tells apart: twice as quick")
    repeats: int = threshold(
        3, "halvings of the users: how far they disagree says what chance is in the fits"
    )


DEFAULTS = ContributionDefaults()
