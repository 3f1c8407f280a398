"""The core's part of the configuration file."""

from pydantic import Field, ValidationInfo, field_validator

from fusion.config.compute import ComputeSettings
from fusion.config.list_settings import ListSettings
from fusion.config.priors import MAX_PRIORS, PriorSettings
from fusion.config.sections import (
    ArtifactSettings,
    GateSettings,
    LimitSettings,
    RankerSettings,
    SplitSettings,
    TuneSettings,
)
from fusion.config.sources import DEFAULT_SOURCES, IN_NO_ORDER, SourceSettings
from fusion.core.settings import Settings, outside

Named = SourceSettings | PriorSettings


class CoreConfig(Settings):
    """The settings that `fusion` itself needs to train, beside the data."""

    seed: int = Field(7, ge=0, lt=2**31, description="root of all chance")
    threads: int = Field(0, ge=0, description="cores to use; 0 = all")
    device: str = Field(
        "auto",
        pattern="^(auto|cpu|cuda)$",
        description="auto takes a GPU where a source can use it",
        json_schema_extra=outside("device"),
    )
    memory: float = Field(
        4.0,
        gt=0,
        description="GiB that fits side by side may need together; a source that needs more by "
        "itself is left out",
    )
    split: SplitSettings = Field(
        SplitSettings(), description="How the history is cut into folds to learn from and to judge."
    )
    sources: tuple[SourceSettings, ...] = Field(
        (), description="Base recommenders; without any entry the built-in set runs."
    )
    tune: TuneSettings = Field(
        TuneSettings(), description="Search for better settings of the sources."
    )
    ranker: RankerSettings = Field(
        RankerSettings(), description="Training of the ranker, which orders all candidates."
    )
    priors: tuple[PriorSettings, ...] = Field(
        (), max_length=MAX_PRIORS, description="Rules of thumb, whose weight the ranker learns."
    )
    gate: GateSettings = Field(GateSettings(), description="When a run may be published.")
    lists: ListSettings = Field(ListSettings(), description="What is published.")
    compute: ComputeSettings = Field(
        ComputeSettings(),
        description="Who does the fits, tuning, tables and lists of a training.",
    )
    limits: LimitSettings = Field(
        LimitSettings(),
        description="What stages, runs, queries and sources of packages may take.",
    )
    artifacts: ArtifactSettings = Field(
        ArtifactSettings(), description="Where the files of runs are kept."
    )

    @field_validator("sources", "priors")
    @classmethod
    def _named_once(cls, entries: tuple[Named, ...], info: ValidationInfo) -> tuple[Named, ...]:
        names = [entry.name for entry in entries]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            one = "source" if info.field_name == "sources" else "prior"
            raise ValueError(
                f"names given twice: {', '.join(sorted(twice))}; "
                f"every {one} needs a name of its own"
            )
        return entries

    def sources_for(self, has_times: bool) -> tuple[SourceSettings, ...]:
        """Return the configured sources, or the default set.

        Args:
            has_times: whether the interactions have times.
        """
        if self.sources:
            return self.sources
        stand_ins = {} if has_times else IN_NO_ORDER
        names = [stand_ins.get(name, name) for name in DEFAULT_SOURCES]
        return tuple(SourceSettings(name=name) for name in names)
