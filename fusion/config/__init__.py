"""The core's part of the configuration file; `flows` adds storage, monitoring and retraining."""

from fusion.config.core import CoreConfig
from fusion.config.list_settings import ListSettings
from fusion.config.priors import PriorSettings
from fusion.config.sections import (
    ArtifactSettings,
    GateSettings,
    RankerSettings,
    SplitSettings,
    TuneSettings,
)
from fusion.config.sources import (
    DEFAULT_SOURCES,
    IN_NO_ORDER,
    RESERVED,
    SourceSettings,
    describe_reserved,
)

__all__ = [
    "DEFAULT_SOURCES",
    "IN_NO_ORDER",
    "RESERVED",
    "ArtifactSettings",
    "CoreConfig",
    "GateSettings",
    "ListSettings",
    "PriorSettings",
    "RankerSettings",
    "SourceSettings",
    "SplitSettings",
    "TuneSettings",
    "describe_reserved",
]
