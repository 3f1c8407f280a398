"""The configured sources of a run: which take part, and why not."""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any
from zlib import crc32

from fusion.config import SourceSettings
from fusion.data.dataset import Dataset
from fusion.errors import ConfigError, SourceFailed
from fusion.models.base.recommender import Recommender
from fusion.models.base.registry import build, known

RANDOM_SOURCE = SourceSettings.model_construct(name="control", use="random")
"""The random row beside all others; its name is reserved, so no check sees it."""


@dataclass
class SourceReport:
    """A source's row in the manifest: `status` is "used", or why it is not."""

    name: str
    use: str
    status: str = "used"
    seconds: float = 0.0
    peak_mb: int = 0
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def used(self) -> bool:
        """Whether it takes part."""
        return self.status == "used"


def build_source(settings: SourceSettings) -> Recommender:
    """A configured source, unfitted; ConfigError for what there is not, or what it does not take."""
    model = build(settings.use, settings.settings)
    if settings.refit == "warm" and not model.supports_warm_start:
        able = ", ".join(name for name, cls in known().items() if cls.supports_warm_start)
        raise ConfigError(
            f"source {settings.name!r}: recommender {settings.use!r} cannot begin from an earlier fit; "
            f"leave refit out, or set it to 'fold'. Those that take refit = 'warm': {able}."
        )
    return model


def leave_out(reports: Sequence[SourceReport], failure: SourceFailed) -> None:
    """Note that a source takes no part any more, since it died while scoring; ConfigError when it was the last."""
    found = [report for report in reports if report.name == failure.source and report.used]
    if not found:
        raise failure
    found[0].status = f"failed while scoring: {failure.why}"
    require_one(reports)


def require_one(reports: Sequence[SourceReport]) -> None:
    """ConfigError, with every reason, when no source takes part."""
    if not any(report.used for report in reports):
        reasons = "; ".join(f"{r.name}: {r.status}" for r in reports)
        raise ConfigError(
            f"no source can take part ({reasons}); configure one that fits the data and the memory"
        )


def left_out(model: Recommender, data: Dataset, memory_gib: float) -> str | None:
    """Why a source cannot take part before it is even fitted; None when it can."""
    missing = sorted(model.required() - data.capabilities)
    if missing:
        return f"left out: the data has no {' and no '.join(missing)}"
    needed = model.memory_bytes(data.n_users, data.n_items, len(data)) / 2**30
    if needed > memory_gib:
        return f"left out: needs {needed:.1f} GiB to fit {data.n_items:,} items, memory is {memory_gib:g} GiB"
    return None


def source_code(cls: type[Recommender]) -> str:
    """12 hex digits over the file that defines a recommender, which need not be part of the core."""
    return sha256(Path(inspect.getfile(cls)).read_bytes()).hexdigest()[:12]


def source_seed(seed: int, name: str) -> list[int]:
    """A stream of its own for each source, so that adding one does not move the others' numbers."""
    return [seed, crc32(name.encode())]
