"""The verdict as it is stored: in the manifest, in SQL, and for whoever shows it.

Field names are the keys of the JSON, unless a field has an alias. A row is the ranker, the blend, a
source, or random. Metrics are named with the places they look at, such as "ndcg@10". What an older
run did not store has a default, and what it stored beside these fields is passed over.
"""

from pydantic import BaseModel, ConfigDict, Field

from fusion.metrics.bootstrap import Interval


class Report(BaseModel):
    """A part of the report; NaN stays NaN in JSON, as Python writes it."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        ser_json_inf_nan="constants",
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )


class SplitReport(Report):
    """The cut of the folds."""

    kind: str
    """Of the split: "time", "last" or "random"."""
    window: int | None = None
    """Days of the verdict fold's window; None without times."""
    why: str = ""
    """Why this kind and window, for people."""
    optimistic: bool = False
    """Whether sources knew other users' later interactions."""
    labels: dict[str, int] = {}
    """Labels of each fold."""


class SegmentReport(Report):
    """Figures of every row on a part of the users."""

    users: int
    """Users judged."""
    rows: dict[str, dict[str, float | Interval]] = {}
    """Mean of each metric by row; of NDCG@10 with its interval."""


class SegmentGap(Report):
    """A segment's NDCG@10 by the chosen row beside that of everyone else."""

    users: int
    """Users of the segment that were judged."""
    difference: Interval
    """Segment minus everyone else; the interval is corrected for the number of segments."""
    others: float
    """Mean of everyone else."""
    chance: float
    """Chance of so large a gap where there is none, corrected likewise (Holm)."""


class ColdReport(SegmentReport):
    """Figures of users without a history; rows are fallback, all and random."""

    segments: dict[str, SegmentReport] = {}
    """The same by segment."""


class RatingErrors(Report):
    """Errors of predicted weights on interactions held out."""

    events: int
    """Interactions that every row predicts, on which all are judged."""
    silent: int = 0
    """The others."""
    users: int = 0
    """Users of those events."""
    rows: dict[str, dict[str, Interval]] = {}
    """`rmse` and `mae` by source, and by the constants `mean_weight` and `item_mean_weight`."""


class AucReport(Report):
    """Area under the ROC curve over candidates."""

    users: int = 0
    """Users with labels and others among their candidates."""
    rows: dict[str, Interval] = {}
    """Mean area by row; random has none."""


class NewItemsReport(Report):
    """Figures of items without a history."""

    items: int
    """New items that may be listed."""
    with_text: int = 0
    """Of them, those with a text: what a source can list them by."""
    labels: int
    """Labels that are new items."""
    share: float
    """Their share of all labels of the users judged."""
    rows: dict[str, dict[str, float]] = {}
    """By row `places@10`, their share of listed places, and `recall@10`, `recall@20` of labels."""


class ColdItemsReport(Report):
    """Figures of items that were hidden from every fit of a fold."""

    items: int
    """Hidden items that may be listed."""
    by: str
    """How they were chosen: "hash", or "newest" where items have dates."""
    labels: int
    """Likes of them."""
    hidden: SegmentReport
    """Lists of hidden items alone: a placement for new arrivals."""
    catalogue: SegmentReport
    """Lists of all items, by the same labels."""
    gaps: dict[str, Interval] = {}
    """The ranker's NDCG@10 among hidden items less each other row's, paired."""
    not_asked: list[str] = []
    """Sources too dear for a further fit; the ranker has no cells of them here."""


class SourceRecall(Report):
    """Labels among the proposals of a source."""

    share: float
    """Of all labels, those among its proposals."""
    unique: int
    """Labels that no other source proposed."""


class CandidateRecall(Report):
    """The recall that the candidates allow at most."""

    labels: int
    """Labels of the verdict fold."""
    ceiling: float
    """Share of them among all candidates."""
    sources: dict[str, SourceRecall] = {}
    """By source that proposes."""


class LiveReport(Report):
    """The comparison with the lists that are live."""

    run: str
    """Id of the live run."""
    users: int
    """Users whose labels are later than what it knew."""
    difference: Interval | None = None
    """Chosen minus live in NDCG@10 over these users; None without any."""


class PromiseReport(Report):
    """A metric promised for a stretch of time that begins where the run is served."""

    horizon: str
    """"day", the first day, or "window", as long as the verdict's."""
    days: int
    """Its days."""
    name: str
    """Metric without its places: "ndcg", "recall", "precision" or "hit"."""
    k: int
    """Places that it looks at."""
    value: float
    """Mean of the choice on users that did not choose it."""
    low: float | None = None
    """Lower end of the 95 % prediction interval of a new window; None where too little is known of
    how windows differ."""
    high: float | None = None
    """Upper end; likewise."""
    users: int = 0
    """Users over whom it was judged."""
    windows: int = 0
    """Past windows, or realised figures, that the interval comes from."""
    basis: str = "none"
    """Where the interval comes from: "past_windows", "realised", or "none"."""


class KeptShare(Report):
    """A limit of exposure on the verdict fold."""

    rule: str
    """In words."""
    before: float
    """Share of exposure without it."""
    share: float
    """Share with it."""
    kept: bool
    """Whether that is what was asked for."""


class LimitCostReport(Report):
    """What limits of exposure cost: the chosen row judged with them and without."""

    users: int
    """Users judged."""
    ndcg: Interval
    """NDCG@10 with the limits."""
    difference: Interval
    """With minus without, paired."""
    limits: list[KeptShare] = []
    """As in the rules file."""


class VerdictReport(Report):
    """Everything that the verdict fold says of the methods of a run."""

    split: SplitReport
    users: int
    """Users with a history and a label."""
    chosen: str
    """The method that is published."""
    reason: str
    """Why, for people."""
    rival: str
    """The best of the others."""
    difference: Interval
    """Ranker minus rival in NDCG@10, paired."""
    reported: Interval
    """NDCG@10 of the choice on users that did not choose it."""
    rows: dict[str, dict[str, Interval]]
    """Every metric of every row, on all users judged."""
    weights: RatingErrors | None = None
    """None where no source predicts weights."""
    auc: AucReport = AucReport()
    lists: dict[str, dict[str, float]] = {}
    """By row what its first ten places are like: `coverage@10`, `gini@10`, `novelty@10`, ..."""
    routes: dict[str, SegmentReport] = {}
    """By route ("warm", "sparse", "cold") that has users."""
    segments: dict[str, SegmentReport] = {}
    """By segment ("column=value") that has users."""
    gaps: dict[str, SegmentGap] = {}
    """By segment that has users enough to be compared with everyone else."""
    cold: ColdReport | None = None
    """None where every user has a history."""
    new_items: NewItemsReport | None = None
    candidate_recall: CandidateRecall | None = Field(None, alias="found")
    live: LiveReport | None = None
    """None where nothing is live."""
    cold_items: ColdItemsReport | None = None
    """None where new items do not matter."""
    limit_exposure: LimitCostReport | None = None
    """None where the rules limit no exposure."""
    promise: list[PromiseReport] = []
    """What the lists will score once they are served; none where the split is not by time."""
