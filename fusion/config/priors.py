"""`[[priors]]` entries: rules of thumb, whose weight the ranker learns."""

from pydantic import Field

from fusion.core.settings import Id, Settings

MAX_PRIORS = 20
"""Columns of the ranking table that priors may make: each costs 4 bytes a candidate."""


class PriorSettings(Settings):
    """A rule of thumb: whoever took items of one group takes to items of another, or avoids them.

    Whether it holds, and how much it counts, is learned.
    """

    name: str = Field(
        pattern=r"^[A-Za-z0-9_]+$",
        max_length=40,
        description="what reasons and reports call it: letters, digits and _",
    )
    history: tuple[Id, ...] = Field(
        min_length=1,
        description="whom it is about: those who took items with any of these; "
        '"column=value" of the items\' categories, or ids of items',
    )
    items: tuple[Id, ...] = Field(
        min_length=1,
        description="what they are thought to want more or less than others do: items with any of "
        "these, named likewise",
    )

    def __str__(self) -> str:
        return f"prior {self.name!r}"
