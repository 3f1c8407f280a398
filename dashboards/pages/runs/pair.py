"""What is known of two runs beside each other."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from dashboards.pages.runs.facts import RunLine, Setting
from dashboards.pages.runs.figures import Difference, SourceLine

Form = Literal["text", "when", "number", "share", "figure", "estimate"]
"""How a value is written."""


@dataclass(frozen=True)
class PairedFigure:
    """A figure of two runs.

    Attributes:
        name: of the figure, for people.
        form: how it is written.
        old: of the old run; None where it has none.
        new: of the new run.
    """

    name: str
    form: Form
    old: Any
    new: Any

    @property
    def change(self) -> float | None:
        """New minus old; None for what is no number, or is missing."""
        ends = [getattr(one, "value", one) for one in (self.old, self.new)]
        if any(one is None or isinstance(one, str | datetime) for one in ends):
            return None
        return float(ends[1] - ends[0])


@dataclass(frozen=True)
class PairedLists:
    """How lists differ from one run to another.

    Attributes:
        users: whom both runs serve, of those that were compared.
        sampled: whether only some users were compared, the first by id.
        churn: mean share of a list that differs; None where no user is in both.
        chance: what training the new run again would change; None where nobody knows.
        top1_changed: share of users with another first item.
        unchanged: share of users with the same list.
        items: by `gained`, `lost` and `moved`: item_id, title, before, after.
    """

    users: int
    sampled: bool
    churn: float | None
    chance: float | None
    top1_changed: float | None
    unchanged: float | None
    items: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)


@dataclass(frozen=True)
class RunPair:
    """Two runs.

    Attributes:
        old: the run that is, or was, shown.
        new: the run that took its place, or would.
        difference: of NDCG@10 over the same users; None where the two were not judged on any.
        figures: of both.
        sources: of both; `now` is the new run's.
        settings: of both; `now` is the new run's.
        lists: None where one of them has no lists any more.
    """

    old: RunLine
    new: RunLine
    difference: Difference | None
    figures: tuple[PairedFigure, ...]
    sources: tuple[SourceLine, ...]
    settings: tuple[Setting, ...]
    lists: PairedLists | None

    def only_differences(self) -> "RunPair":
        """Return the pair without what is the same in both."""
        return RunPair(
            old=self.old,
            new=self.new,
            difference=self.difference,
            figures=tuple(one for one in self.figures if one.old != one.new),
            sources=tuple(one for one in self.sources if one.now != one.before),
            settings=tuple(one for one in self.settings if one.now != one.before),
            lists=self.lists,
        )
