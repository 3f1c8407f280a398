"""The `[monitor]` section: what is watched, and past which limits an alert is raised."""

from pydantic import Field

from fusion.core.settings import Settings, outside


class MonitorSettings(Settings):
    """Limits past which drift and churn become alerts, and how they are measured."""

    drift_limit: float = Field(
        0.2,
        gt=0,
        le=10,
        description="A column whose PSI (numbers) or Jensen-Shannon distance (categories) is "
        "above this is named as drifted, unless chance alone gives as much.",
    )
    drift_share: float = Field(
        0.3,
        gt=0,
        le=1,
        description="Share of a subject's columns that must have drifted for an alert.",
    )
    sample: int = Field(
        20_000,
        ge=100,
        le=1_000_000,
        description="Rows a side at most, drawn with a fixed seed. Drift figures depend on it: "
        "keep it the same from run to run.",
    )
    churn_limit: float = Field(
        0.6,
        gt=0,
        le=1,
        description="Floor of effect: mean share of a list that changed against the live run "
        "(1 - Jaccard at 10) up to which there is no alert; above it the excess over what chance "
        "alone changes is judged, by the time between the runs.",
    )
    findings_limit: float = Field(
        0.01,
        gt=0,
        le=1,
        description="Share of rows, ids or cells that a finding of the data may concern before "
        "`fusion run` shows it; one that grew by half since the run before is an alert.",
    )
    items_limit: float = Field(
        0.5,
        gt=0,
        le=1,
        description="Share of the previously listed items that may vanish from all lists "
        "together before there is an alert.",
    )
    exposure_ratio: float | None = Field(
        None,
        gt=1,
        le=1000,
        description="Times its share of events that an item group's share of exposure may surely "
        "be, or one over that, before there is an alert; default: any.",
    )
    snapshots: int = Field(
        50,
        ge=1,
        le=10_000,
        description="Runs of a placement that Evidently's pages show, the newest ones; each is "
        "read as they open and kept in memory. Figures of all runs stay in SQL.",
    )
    workspace: str = Field(
        "",
        description="Folder of the dashboards over runs; empty means `workspace` in the "
        "artifacts' folder.",
        json_schema_extra=outside("folder"),
    )
