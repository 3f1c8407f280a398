"""The manifest of a run: what was made from what, as a typed model of `manifest.json`."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fusion.errors import DataError


class ManifestPart(BaseModel):
    """A part of the manifest; every field has a default and unknown keys stay, for older runs."""

    model_config = ConfigDict(
        frozen=True,
        extra="allow",
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )


class DataSummary(ManifestPart):
    """The data that a run was trained on.

    Attributes:
        hash: digest of the dataset.
        rows: what loading counted, by kind, such as rows without a user.
        findings: what checks of the data found, without example rows.
        liked_weight: median weight of a liked interaction.
        key_mark: tells the key of users' pseudonyms from another; None where ids are plain.
    """

    hash: str = ""
    interactions: int | None = None
    users: int | None = None
    items: int | None = None
    rows: dict[str, Any] = {}
    findings: list[dict[str, Any]] = []
    liked_weight: float = 1.0
    key_mark: str | None = None


class Environment(ManifestPart):
    """Versions and machine that made a run.

    Attributes:
        code: `code_version` of the core.
        versions: release of each library that computes, by name.
        python: release of Python.
        cores: cores that the process may use.
        cpu: their kind, by which bits may differ; "" for older runs. Workers of a run have the
            same.
        peak_mb: largest memory of the process so far, in MiB.
    """

    code: str = ""
    versions: dict[str, str] = {}
    python: str = ""
    cores: int | None = None
    cpu: str = ""
    peak_mb: int | None = None


class ContributionRow(ManifestPart):
    """A source's gain of NDCG@10, as small rankers of the label folds have it.

    Attributes:
        value: NDCG@10 lost without it.
        low: lower end of its interval of 95 %.
        high: upper end.
        margin: what its cost asks of it.
        beside: other sources in use when it was asked.
        pays: False where it surely adds less than `margin`.
        runs: runs since it was asked.
    """

    value: float = 0.0
    low: float = 0.0
    high: float = 0.0
    margin: float = 0.0
    beside: int = 0
    pays: bool = True
    runs: int = 0


class SourceRow(ManifestPart):
    """A source's part in a run.

    Attributes:
        status: "used", or why it is not.
        cause: the same as a code; "" for one that is used, and in older runs.
        seconds: time of its fits.
        peak_mb: largest memory of the process when they ended, in MiB.
        notes: what its newest fit noted, such as its steps.
        reason_text: why it proposes an item, as what follows "because"; "" where it says nothing.
        contribution: what it adds; None where nobody asked.
    """

    name: str = ""
    use: str = ""
    status: str = ""
    cause: str = ""
    seconds: float = 0.0
    peak_mb: int = 0
    notes: dict[str, Any] = {}
    reason_text: str = ""
    contribution: ContributionRow | None = None


class FitRow(ManifestPart):
    """A fit that serves, for who answers requests with it.

    Attributes:
        name: of the source, as configured.
        use: the recommender it is.
        settings: those that it was fitted with.
        stage: `fit/<key>`.
        n_items: items that it knows.
        k: candidates that it proposes to a user.
    """

    name: str = ""
    use: str = ""
    settings: dict[str, Any] = {}
    stage: str = ""
    n_items: int = 0
    k: int = 0


class TunedRow(ManifestPart):
    """Settings that tuning gave a source.

    Attributes:
        default: NDCG@10 of the defaults on the tuning fold.
        best: NDCG@10 of `settings` there.
    """

    name: str = ""
    settings: dict[str, Any] = {}
    default: float | None = 0.0
    best: float | None = 0.0
    trials: int = 0


class PriorRow(ManifestPart):
    """A prior as the ranker weighs it.

    Attributes:
        candidates: share of the verdict's candidates that it speaks of.
        importance: its share of the ranker's total gain.
        effect: what it adds to their scores on average, by TreeSHAP; None where there are none.
    """

    name: str = ""
    candidates: float = 0.0
    importance: float | None = 0.0
    effect: float | None = None


class ListCounts(ManifestPart):
    """Counts of lists; `short` are users with a history and fewer items than a list shows."""

    rows: int | None = None
    users: int | None = None
    short: int | None = None


class RulesSummary(ManifestPart):
    """The rules that lists follow.

    Attributes:
        hash: hash of the rules file.
        open_items: items that allow lists and blocks leave to at least one user.
        moved: rows that each kind of rule moved.
        exposure: of each limit of exposure its shares before and after, and whether it is kept.
    """

    hash: str = ""
    blocked_items: int = 0
    blocked_pairs: int = 0
    open_items: int | None = None
    moved: dict[str, int] = {}
    exposure: list[dict[str, Any]] = []


class ExplainedUsers(ManifestPart):
    """Users with explanations, of those with lists."""

    users: int = 0
    of: int = 0


class Manifest(ManifestPart):
    """All that is known of how a run was made: the keys of `manifest.json`, in order.

    A figure that is not a number is null in SQL, and NaN in the folder's file. Where the stored key
    is an older word than the field's name, it is the field's alias.

    A failed run has no folder: its row in SQL holds `error` and `exit_code` alone.

    Attributes:
        config: `hash` and the sections that decide what is trained.
        seconds: time of each step, by name.
        steps: what each step cost, in the order of their ends.
        fits: of the sources in use, those that serve; empty for older runs.
        trees: trees of the ranker.
        importance: share of the ranker's total gain of each feature.
        source_prior: source column that is added to the ranker's scores, and its weight.
        priors: of the configuration, as the judged ranker weighs them.
        feature_psi: PSI of steady features between the last training table and what is served.
        serving: what was measured of the fits that serve; empty for older runs.
        exposure: of item groups in the lists; empty for older runs.
        estimate: what the lists are expected to be worth to users who come back; empty for older
            runs, and where it cannot be told.
        cold_users: lists from attributes of users without a history, judged beside the fallback,
            and how many were made; empty for older runs, and where they could serve nobody.
        sampled_days: newest days that samples for monitoring tell of; 0 without times, when they
            tell of everything; None for data of less than two weeks, and for older runs: nothing
            can be compared with their samples.
        verdict: the whole report of evaluation.
        checks: every check of admission.
        stages: stages that the run was made with, `<name>/<key>`.
        why: None where nothing was counted.
        defaults: thresholds that shaped the results, by room, each with its reason.
        tables: rows and checksums by column of the lists as they were loaded; in SQL only.
        files: SHA-256 and bytes of every file of the run folder, by relative path.
        amended: changes after the run ended, such as people who were forgotten.
        refusals: times at which the run was not published, and why; in SQL only.
    """

    created_at: str = ""
    placement: str = ""
    as_of: str | None = None
    data: DataSummary = DataSummary()
    config: dict[str, Any] = {}
    seed: int = 0
    device: str = ""
    threads: int = 0
    environment: Environment = Environment()
    seconds: dict[str, float] = {}
    steps: list[dict[str, Any]] = []
    sources: list[SourceRow] = []
    tuned: list[TunedRow] = []
    fits: list[FitRow] = []
    method: str | None = None
    trees: int | None = None
    importance: dict[str, float | None] = {}
    source_prior: dict[str, Any] | None = Field(None, alias="lean")
    priors: list[PriorRow] = []
    feature_psi: dict[str, float | None] = {}
    serving: dict[str, Any] = {}
    exposure: dict[str, Any] = {}
    estimate: dict[str, Any] = {}
    cold_users: dict[str, Any] = {}
    sampled_days: int | None = None
    verdict: dict[str, Any] = {}
    checks: list[dict[str, Any]] = []
    lists: ListCounts = ListCounts()
    stages: list[str] = []
    rules: RulesSummary | None = None
    why: ExplainedUsers | None = None
    defaults: dict[str, dict[str, Any]] = {}
    tables: dict[str, dict[str, Any]] = {}
    files: dict[str, dict[str, str | int]] = {}
    amended: list[dict[str, Any]] = []
    refusals: list[dict[str, Any]] = []
    error: str | None = None
    exit_code: int | None = None

    @classmethod
    def of(cls, stored: Mapping[str, Any] | None) -> Self:
        """Return the manifest that a JSON object holds.

        Args:
            stored: the object, of this release or an older one; None is an empty manifest.

        Raises:
            DataError: a part of it is of another type than any training wrote.
        """
        try:
            return cls.model_validate(stored or {})
        except ValidationError as wrong:
            parts = sorted({str(problem["loc"][0]) for problem in wrong.errors()})
            raise DataError(
                f"the manifest of a run holds no {', '.join(parts)} as a training writes them: "
                "somebody changed manifest.json, or the column run.manifest. Restore it from a "
                "backup, or train anew: `fusion run`"
            ) from None

    def as_json(self) -> dict[str, Any]:
        """Return the JSON object, with only the keys that were given or read."""
        # An older manifest must not gain keys by being read and written.
        return self.model_dump(exclude_unset=True)


def moment(milliseconds: int) -> datetime:
    """Return milliseconds since 1970 as an aware time in UTC.

    Args:
        milliseconds: as datasets hold times.
    """
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
