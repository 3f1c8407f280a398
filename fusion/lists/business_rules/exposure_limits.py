"""Limits of exposure: as people ask for them, and over the items of one data set."""

from dataclasses import dataclass, replace
from difflib import get_close_matches
from hashlib import sha256
from typing import Annotated, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field, model_validator

from fusion.core.arrays import Flags
from fusion.data.dataset import Dataset
from fusion.data.item_groups.groups import EVERYWHERE, HEAD, MIDDLE, NEW, TAIL, items_of_groups
from fusion.lists.business_rules.rule_forms import Named
from fusion.metrics.ranking import rank_discounts

IN_WORDS = {HEAD: "the head", MIDDLE: "the middle", TAIL: "the tail", NEW: "what is new"}
"""Groups of every data set, as the text of a rule names them."""


def _known_group(name: str) -> str:
    if name not in EVERYWHERE:
        close = get_close_matches(name, EVERYWHERE, n=1)
        did_you_mean = f" Did you mean {close[0]!r}?" if close else ""
        raise ValueError(
            f"{name!r} is no item group.{did_you_mean} Known: {', '.join(EVERYWHERE)}; values of a "
            "category column stand in `categories`"
        )
    return name


class LimitExposure(Named):
    """The share of exposure that an item group keeps over the lists of all its users."""

    KEYS: ClassVar[str] = "`items`, `categories`, `groups` or several of them"

    groups: tuple[Annotated[str, AfterValidator(_known_group)], ...] = Field(
        (),
        # Rules without it keep the hash that they had before there was such a key.
        exclude_if=lambda groups: not groups,
        description="items of these groups too: head, middle, tail, new, as exposure is measured "
        "by them; what is in them is found anew in every run",
    )
    least: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="share of exposure that the items have at least: of 1 / log2(rank + 1), summed "
        "over the shown places of all users' lists",
    )
    most: float = Field(1.0, gt=0, le=1, description="share of exposure that they have at most")

    @property
    def names_something(self) -> bool:
        """False where no key names any item."""
        return bool(super().names_something or self.groups)

    @property
    def items_text(self) -> str:
        """The items, for people."""
        groups = [IN_WORDS[name] for name in self.groups]
        named = super().items_text
        return " and ".join([named, *groups] if named else groups)

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if self.least == 0 and self.most == 1:
            raise ValueError("any share is allowed; give `least`, `most` or both")
        if self.least > self.most:
            raise ValueError(f"least = {self.least:g} is above most = {self.most:g}; swap them")
        return self

    def __str__(self) -> str:
        return f"exposure of {self.items_text}{_between(self)}{self.segment_text}"


@dataclass(frozen=True)
class NewItemsLimit:
    """The share of all shown places that items have which nobody has taken: `[lists] new_items`.

    Attributes:
        least: share that they have at least.
        most: share that they have at most.
    """

    least: float
    most: float

    def __str__(self) -> str:
        return f"share of new items{_between(self)}"


def _between(rule: LimitExposure | NewItemsLimit) -> str:
    """Write the bounds of a share."""
    least = f" at least {rule.least:g}" if rule.least else ""
    most = f" at most {rule.most:g}" if rule.most < 1 else ""
    return f"{least}{most}"


@dataclass(frozen=True)
class ExposedItems:
    """A limit of exposure: its users (U,) and items (I,).

    Attributes:
        rule: what is asked.
        users: (U,) whom it is for.
        items: (I,) of the group; those of groups that move once `as_of` has put them there.
    """

    rule: LimitExposure | NewItemsLimit
    users: Flags
    items: Flags

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of the groups whose items a moment decides."""
        return self.rule.groups if isinstance(self.rule, LimitExposure) else ()

    @property
    def moment_key(self) -> str:
        """Hex digits over the items, where the rules file alone does not say them; else ""."""
        if isinstance(self.rule, LimitExposure) and not self.groups:
            return ""
        return sha256(str(self.rule).encode() + self.items.tobytes()).hexdigest()[:12]

    def as_of(self, known: Dataset, window: int | None) -> "ExposedItems":
        """Add the items that its groups have at a moment.

        Args:
            known: what is known then.
            window: days of the verdict's window; None unless the split is by time.
        """
        if not self.groups:
            return self
        return replace(self, items=self.items | items_of_groups(self.groups, known, window))

    def weights(self, k: int) -> NDArray[np.float64]:
        """Return what each of the first k places counts: its exposure, or of new items alike.

        Args:
            k: places of a list that are shown.
        """
        return rank_discounts(k) if isinstance(self.rule, LimitExposure) else np.ones(k)
