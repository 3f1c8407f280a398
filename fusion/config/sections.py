"""Sections of the configuration file that decide a training, but for its sources."""

from typing import Literal

from pydantic import Field

from fusion.core.settings import Settings, outside

STORE_URL = r"^(s3://[A-Za-z0-9][A-Za-z0-9._-]+(/[^\s?#@]*)?|file:///[^\s?#@]+)$"
"""A bucket or a folder. Credentials have no place in it: they come from the environment."""

DEFAULT_WINDOW = 7
"""Days of a window where neither [split] nor a run names one."""


class SplitSettings(Settings):
    """The `[split]` section."""

    kind: Literal["auto", "time", "last", "random"] = Field(
        "auto",
        description="how folds are cut; auto takes time, else last, else random, and says why",
    )
    window: int | None = Field(
        None,
        gt=0,
        le=36_500,
        description="days of a label window of a time split; default: the shortest that holds "
        "`users`",
    )
    folds: int = Field(3, ge=1, le=12, description="label folds the ranker learns from, at most")
    users: int = Field(
        200,
        ge=1,
        description="warm users with a label that every window of a time split must hold, 50 where "
        "auto finds none",
    )
    sparse: int = Field(
        5, ge=1, description="a user with fewer known interactions is sparse, not warm"
    )


class RankerSettings(Settings):
    """The `[ranker]` section."""

    leaves: int | None = Field(
        None,
        ge=2,
        le=255,
        description="leaves of a tree; default: 7 where fewer than 2,500 users train, else 15",
    )
    learning_rate: float | None = Field(
        None,
        gt=0,
        le=1,
        description="shrinkage of each tree; default: 0.05 where fewer than 2,500 train, else 0.1",
    )
    trees: int = Field(600, ge=1, description="trees at most; early stopping finds how many")
    patience: int = Field(60, ge=1, description="trees without gain before training stops")
    min_leaf: int = Field(200, ge=1, description="candidates a leaf must hold")
    columns_share: float = Field(0.6, gt=0, le=1, description="share of features a tree may use")
    seeds: int | None = Field(
        None,
        ge=1,
        le=20,
        description="rankers with different seeds, averaged; default: 2 where fewer than 2,500 "
        "train, else 1",
    )
    max_rows: int = Field(
        600_000,
        ge=1000,
        description="training candidates, about; users keep up to 150 beside labels, or fewer",
    )
    extra: dict[str, bool | int | float | str] = Field(
        {},
        description="further LightGBM parameters, tried in a fit of a moment; none that is set "
        "already",
    )


class TuneSettings(Settings):
    """The `[tune]` section."""

    trials: int = Field(
        8,
        ge=0,
        le=1000,
        description="settings tried for each source on the tuning fold, its defaults first; "
        "0 = none",
    )
    contributions: bool = Field(
        True,
        description="ask what each source adds to the lists, by rankers without it; false spares "
        "these rankers, and leaves no source out",
    )
    prune: bool = Field(
        True,
        description="leave out sources that surely add less to the lists than their cost asks for",
    )
    probe: int = Field(
        5, ge=1, le=1000, description="runs after which a source that was left out is asked again"
    )


class GateSettings(Settings):
    """The `[gate]` section: when a run may be published."""

    max_loss: float = Field(
        0.05,
        ge=0,
        le=1,
        description="share of the live lists' NDCG@10 a run may lose on the same window",
    )
    users: int = Field(
        100, ge=1, description="users needed to judge a run against the live lists, or its features"
    )
    min_rows: float = Field(
        0.5,
        ge=0,
        le=1,
        description="rows of lists a run must have, as a share of the live run's; 0 = any",
    )
    max_rows: float = Field(
        2.0, ge=1, description="rows of lists a run may have, as a multiple of the live run's"
    )
    min_coverage: float = Field(
        0.0,
        ge=0,
        le=1,
        description="share of all items that the lists' first ten places must show; 0 = any",
    )
    max_churn: float = Field(
        1.0,
        ge=0,
        le=1,
        description="1 - mean Jaccard@10 of lists with the live ones that a run may have; 1 = any",
    )
    max_short: float = Field(
        0.2,
        ge=0,
        le=1,
        description="share of users whose lists blocked items may leave shorter than `lists.size`",
    )
    approve: bool = Field(
        False,
        description="leave an admitted run in the slot challenger, until `fusion approve` shows it",
    )
    max_feature_psi: float = Field(
        2.0,
        gt=0,
        le=100,
        description="PSI that a steady feature may have from the last training table to what is "
        "served",
    )
    exposure_ratio: float | None = Field(
        None,
        gt=1,
        le=1000,
        description="times its share of events that an item group's share of exposure may surely "
        "be, or one over that; default: any",
    )
    segment_gap: float | None = Field(
        None,
        ge=0,
        le=1,
        description="share of everyone else's NDCG@10 by which a segment of users may surely be "
        "below them; default: any",
    )


class LimitSettings(Settings):
    """The `[limits]` section: what stages, runs, queries and sources of packages may take."""

    stage_seconds: float | None = Field(
        None,
        gt=0,
        description="seconds that a stage of a run may take; the run ends then with exit code 75. "
        "Default: 21,600 on a schedule and where standard input is no terminal, else none",
    )
    run_seconds: float | None = Field(
        None,
        gt=0,
        description="seconds that a run may take, likewise; default: 72,000",
    )
    source_seconds: float = Field(
        3600.0,
        gt=0,
        description="seconds that a source of an installed package may take for one fit, or to "
        "score one block of users; it is left out then",
    )
    source_memory: float | None = Field(
        None,
        gt=0,
        description="GiB that the process of such a source may hold; default: `memory`",
    )
    query_seconds: float = Field(
        3600.0,
        gt=0,
        le=604800,
        description="seconds that a query in `[data]` may take on PostgreSQL or SQLite, before "
        "exit code 75",
    )
    query_lock_seconds: float = Field(
        60.0,
        gt=0,
        le=86400,
        description="seconds that it may wait for a lock which another session holds",
    )


class ArtifactSettings(Settings):
    """The `[artifacts]` section."""

    path: str = Field(
        "runs",
        description="folder of runs and of the store of stages",
        json_schema_extra=outside("folder"),
    )
    store: str | None = Field(
        None,
        max_length=1000,
        pattern=STORE_URL,
        description="stages that other machines share, `s3://bucket/prefix` or `file:///folder`: "
        "what is there is copied to `path` and not made again; default: `path` alone",
        json_schema_extra=outside("store"),
    )
    wait: float = Field(
        60.0,
        ge=0,
        le=10_080,
        description="minutes that a training waits for another one in the folder, before it ends "
        "with exit code 75",
    )
    keep_fit_mb: int = Field(
        64, ge=0, description="larger fits of past folds leave the store when a run ends"
    )
