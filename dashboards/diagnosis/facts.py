"""Facts that a diagnosis is made of; whatever was not measured is None or empty."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dashboards.diagnosis.kinds import Kind
from fusion.metrics.bootstrap import Interval

EXPOSURE = "exposure"
"""First word of the subject of alerts on exposure, which is wrong or right whatever moved."""


@dataclass(frozen=True)
class Pair:
    """A figure of a run, and of the run before."""

    now: float | None = None
    before: float | None = None


@dataclass(frozen=True)
class StandingAlert:
    """An alert that is not resolved.

    Attributes:
        cause: code of a cause of a watch; of a run's alert its subject and name.
        subject: what was measured.
        name: the figure, or the code of a run's alert.
        kind: "fault", "change" or "run".
        severity: "alarm" or "look".
        value: of the figure.
        low: lower end of what is usual, or the limit of a figure that is too low.
        high: upper end, or the limit of one that is too high.
        columns: of files that are concerned.
        is_answered: whether it is a change that the run knew as it went live: the world has moved,
            and the run with it.
    """

    cause: str
    subject: str
    name: str
    kind: str
    severity: str = "alarm"
    value: float | None = None
    low: float | None = None
    high: float | None = None
    columns: tuple[str, ...] = ()
    is_answered: bool = False


@dataclass(frozen=True)
class ColumnMove:
    """Drift of a column.

    Attributes:
        subject: which frame it stands in, such as `users` or `features`.
        column: its name.
        value: the distance.
        chance: what chance alone gives.
        limit: above which it counts.
        moves_by_itself: whether it moves with nothing wrong, as ages do.
    """

    subject: str
    column: str
    value: float
    chance: float
    limit: float
    moves_by_itself: bool = False

    @property
    def has_drifted(self) -> bool:
        """Tell whether it moved farther than its limit and chance."""
        return not self.moves_by_itself and self.value > max(self.limit, self.chance)


@dataclass(frozen=True)
class Candidates:
    """Labels of the verdict among the candidates.

    Attributes:
        labels: how many there were.
        ceiling: share of them among all candidates.
        sources: share of them that each source proposed.
        new_items: share of labels that are items without a history.
    """

    labels: Pair = Pair()
    ceiling: Pair = Pair()
    sources: Mapping[str, Pair] = field(default_factory=dict)
    new_items: Pair = Pair()


@dataclass(frozen=True)
class Verdict:
    """NDCG@10 of the rows of the verdict.

    Attributes:
        method: that makes the lists; "" where nothing was chosen.
        method_before: of the run before.
        rows: every row.
        rows_before: of the run before.
        rival: the best row beside the ranker.
        difference: ranker minus rival, paired; None without a ranker.
        difference_before: of the run before.
        promised_low: lower end of what the run before promised for a new window; None where it
            promised no interval.
    """

    method: str = ""
    method_before: str = ""
    rows: Mapping[str, Interval] = field(default_factory=dict)
    rows_before: Mapping[str, Interval] = field(default_factory=dict)
    rival: str = ""
    difference: Interval | None = None
    difference_before: Interval | None = None
    promised_low: float | None = None

    @property
    def has_fallen(self) -> bool:
        """Tell whether the chosen row is surely below the run before's, and below its promise."""
        now = self.rows.get(self.method)
        before = self.rows_before.get(self.method_before)
        if now is None or before is None or not now.high < before.low:
            return False
        return self.promised_low is None or now.value < self.promised_low


@dataclass(frozen=True)
class Rules:
    """Rules and blocks, and the rows that they moved.

    Attributes:
        has_changed: whether the rules file is another one than in the run before.
        moved: rows of the lists that each rule moved.
        rows: of all lists, the reserve among them.
        open_items: items that allow lists and blocks leave.
        hidden: share of the shown rows that blocks hide since.
    """

    has_changed: bool = False
    moved: Mapping[str, Pair] = field(default_factory=dict)
    rows: Pair = Pair()
    open_items: Pair = Pair()
    hidden: float | None = None


@dataclass(frozen=True)
class Published:
    """Lists as they were loaded.

    Attributes:
        rows: of all lists.
        users: with a list or a route.
        without_list: users whom the fallback serves.
        short: users with a history and fewer items than a list shows.
        has_same_shape: whether both runs ask for lists of the same users and length.
    """

    rows: Pair = Pair()
    users: Pair = Pair()
    without_list: Pair = Pair()
    short: Pair = Pair()
    has_same_shape: bool = True


@dataclass(frozen=True)
class Realised:
    """NDCG@10 by events after the run, where it lies below what was promised.

    Attributes:
        horizon: "day" or "window".
        value: what was realised.
        low: lower end of what was promised.
        high: upper end.
        is_alarm: whether it lies so far below that chance is no explanation.
    """

    horizon: str
    value: float
    low: float | None
    high: float | None
    is_alarm: bool


@dataclass(frozen=True)
class Facts:
    """All that is known of a run beside the run before.

    Attributes:
        against: id of the run before; None for a first run.
        alerts: that stand, the oldest first.
        failed_checks: names of checks of admission and publishing that did not hold.
        sizes: interactions, users and items of the data.
        columns: drift of every column.
        feature_psi: of steady features, from the last training table to what is served.
        importance: share of the ranker's gain by feature.
        sections: parts of the configuration that changed, by where they act: the kind of a cause.
        lists: figures of the lists against those of the run before, such as `churn`.
        realised: where the lists did less than was promised.
    """

    against: str | None = None
    alerts: tuple[StandingAlert, ...] = ()
    failed_checks: tuple[str, ...] = ()
    sizes: Mapping[str, Pair] = field(default_factory=dict)
    columns: tuple[ColumnMove, ...] = ()
    feature_psi: Mapping[str, float] = field(default_factory=dict)
    importance: Mapping[str, Pair] = field(default_factory=dict)
    candidates: Candidates = Candidates()
    verdict: Verdict = Verdict()
    rules: Rules = Rules()
    published: Published = Published()
    sections: Mapping[str, Kind] = field(default_factory=dict)
    lists: Mapping[str, float] = field(default_factory=dict)
    realised: Realised | None = None

    def of_run(self, subject: str) -> list[StandingAlert]:
        """Return the run's own alerts on a subject.

        Args:
            subject: such as `lists`; `source` for those of all sources.
        """
        own = [alert for alert in self.alerts if alert.kind == "run"]
        return [alert for alert in own if alert.subject.partition(" ")[0] == subject]

    @property
    def has_moved(self) -> bool:
        """Tell whether verdict, lists or what they did moved: only then settings may be a cause."""
        moved = [alert for alert in self.alerts if alert.subject.partition(" ")[0] != EXPOSURE]
        own = any(alert.kind == "run" for alert in moved)
        fell = self.verdict.has_fallen or self.realised is not None
        return own or fell or bool(self.failed_checks)
