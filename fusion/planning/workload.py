"""The sizes of a training: data, folds, sources and settings."""

from dataclasses import dataclass

from fusion.config import CoreConfig
from fusion.planning.stage_curves import Size

LISTS_IN_SQL = "load lists into SQL"


@dataclass(frozen=True)
class Workload:
    """What decides how much work a training is.

    Attributes:
        events: interactions.
        users: of the data.
        items: of the data.
        folds: label folds.
        uses: the recommender of each source that takes part, by the source's name.
    """

    events: int
    users: int
    items: int
    folds: int
    uses: dict[str, str]

    def along(self, size: Size) -> int:
        """Return one of the sizes.

        Args:
            size: which.
        """
        return {"events": self.events, "users": self.users, "items": self.items}[size]


@dataclass(frozen=True)
class Declared:
    """What a source says of one fit of its own.

    Attributes:
        cpu_seconds: of one core.
        memory_mb: peak memory, in MiB.
        is_tuned: whether it has settings to search.
    """

    cpu_seconds: float
    memory_mb: float
    is_tuned: bool = False


@dataclass(frozen=True)
class Factors:
    """Settings that make a kind of stage dearer, beside the sizes of the data.

    Attributes:
        folds: folds that are fitted on: those with labels, the verdict's and the serving one.
        sources: that score.
        trials: of tuning.
        rows: that the ranker learns from.
        listed: rows of a list, the reserve included.
    """

    folds: int
    sources: int
    trials: int
    rows: int
    listed: int

    @classmethod
    def of(cls, work: Workload, config: CoreConfig) -> "Factors":
        """Return the factors of a training.

        Args:
            work: its sizes.
            config: its settings.
        """
        return cls(
            folds=work.folds + 2,
            sources=max(len(work.uses), 1),
            trials=config.tune.trials,
            rows=config.ranker.max_rows,
            listed=config.lists.size + config.lists.reserve,
        )

    def ratio(self, kind: str, measured: "Factors") -> float:
        """Return how much dearer a kind of stage is under these than under other factors.

        Args:
            kind: of stage.
            measured: the other factors.
        """
        folds = self.folds / measured.folds
        sources = self.sources / measured.sources
        by_kind = {
            "tune": self.trials / measured.trials,
            "fit": folds,
            "table": folds * sources,
            "lists": sources,
            "hidden": sources,
            "ranker": self.rows / measured.rows,
            LISTS_IN_SQL: self.listed / measured.listed,
        }
        if kind in by_kind:
            return by_kind[kind]
        return by_kind.get("ranker" if kind.endswith("ranker") else kind.split(maxsplit=1)[0], 1.0)
