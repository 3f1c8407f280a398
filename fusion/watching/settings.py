"""The `[watch]` section: how often an alarm may be false."""

from pydantic import Field

from fusion.core.settings import Settings


class WatchSettings(Settings):
    """Settings of `fusion watch`."""

    false_alarms: float = Field(
        1.0,
        gt=0,
        le=52,
        description="False alarms that are expected in a year, all figures together, however often "
        "`fusion watch` runs. Fewer of them mean that a real change must be larger to be noticed.",
    )
