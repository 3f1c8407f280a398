"""The `[retention]` section: which runs stay, and what goes before the run it belongs to."""

from typing import Annotated

from pydantic import Field

from fusion.core.settings import Settings

Days = Annotated[float | None, Field(ge=0, le=36_500)]


class RetentionSettings(Settings):
    """The `[retention]` section: which runs stay when `fusion prune` removes old ones.

    What a slot shows, and what one rollback would return to, always stays.
    """

    runs: int = Field(
        10,
        ge=1,
        description="newest runs of the placement, published or refused, that stay; those of "
        "`fusion backfill` do not count",
    )
    days: float = Field(
        30.0,
        ge=0,
        le=36_500,
        description="a run that a slot showed, or `fusion backfill` made, so lately stays",
    )
    explanation_days: Days = Field(
        None,
        description="days after which explanations go of runs that nothing shows; default: with "
        "their run",
    )
    sample_days: Days = Field(
        None,
        description="days after which samples for monitoring go of runs that nothing shows; "
        "default: with their run",
    )
    quarantine_days: Days = Field(
        None,
        description="days after which rows go that checks put aside, of runs that nothing shows; "
        "default: with their run",
    )
    alert_days: Days = Field(
        None, description="days after which resolved alerts go; default: never"
    )
    decision_days: Days = Field(
        None, description="days after which decisions of `fusion retrain` go; default: never"
    )
    realised_days: Days = Field(
        None,
        description="days after which figures of what became of published lists go; default: never",
    )
    notification_days: Days = Field(
        None, description="days after which messages go that receivers have; default: never"
    )
    daily_after_days: float = Field(
        90.0,
        ge=0,
        le=36_500,
        description="days after which one row a day stays, where more came: of watches, of answers "
        "that no training was due, and of the figures of runs that are gone",
    )
    prune: bool = Field(True, description="`fusion run` and `fusion retrain` prune when they end")
