"""The configured sources of a run: which take part, and why not."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil, inf, isfinite
from typing import Any, Literal
from zlib import crc32

from fusion.config import CoreConfig, SourceSettings
from fusion.core.extras import is_installed
from fusion.data.dataset import Dataset
from fusion.errors import ConfigError, SourceFailed, install_hint
from fusion.isolation.failure import Limits, what_happened
from fusion.models.base.recommender import Recommender
from fusion.models.base.registry import build, registered
from fusion.models.foreign.resolve import source_model
from fusion.models.linear.weight_matrix import WeightMatrixModel

log = logging.getLogger(__name__)
RANDOM_SOURCE = SourceSettings.model_construct(name="control", use="random")
"""The random row beside all others; its name is reserved, so it must not be validated."""
USED = "used"
"""Status of a source that takes part."""
Cause = Literal["", "failed", "memory", "data", "extra", "unpaid", "configuration"]
"""Reasons why a source takes no part, as codes: its code failed; `memory` is too small; the data
lacks something; an extra is not installed; it does not earn its cost; or it could never take part,
as configured."""


@dataclass(frozen=True)
class LeftOut:
    """The reason why a source takes no part.

    Attributes:
        cause: as a code.
        status: as a sentence, for its row in the manifest.
    """

    cause: Cause
    status: str


@dataclass
class SourceReport:
    """A source's row in the manifest.

    Attributes:
        name: as configured.
        use: the recommender it is.
        status: "used", or why it is not.
        cause: the same as a code; "" for one that is used.
        seconds: time of its fits.
        peak_mb: largest memory of the process when they ended, in MiB.
        notes: what its newest fit noted.
        reason_text: why it proposes an item, as what follows "because"; "" where it says nothing.
        contribution: what it adds to NDCG@10 of label folds; None where nobody asked.
    """

    name: str
    use: str
    status: str = USED
    cause: Cause = ""
    seconds: float = 0.0
    peak_mb: int = 0
    notes: dict[str, Any] = field(default_factory=dict)
    reason_text: str = ""
    contribution: dict[str, Any] | None = None

    @property
    def used(self) -> bool:
        """True where it takes part."""
        return self.status == USED

    def leave(self, reason: LeftOut) -> None:
        """Note that the source takes no part.

        Args:
            reason: why.
        """
        self.cause, self.status = reason.cause, reason.status


def build_source(settings: SourceSettings) -> Recommender:
    """Return a configured source, unfitted.

    Args:
        settings: its entry in the configuration.

    Raises:
        UnusableSource: the package that offers it is broken.
        ConfigError: there is no such recommender, it does not take these settings, or it cannot
            begin from an earlier fit although `refit` asks for that.
    """
    model = source_model(settings.use, settings.settings)
    if settings.refit == "warm" and not model.supports_warm_start:
        able = ", ".join(name for name, cls in registered().items() if cls.supports_warm_start)
        raise ConfigError(
            f"source {settings.name!r}: recommender {settings.use!r} cannot begin from an earlier "
            f"fit; leave refit out, or set it to 'fold'. Those that take refit = 'warm': {able}."
        )
    return model


WITHIN_STAGE = 0.9
"""Share of the limit of a stage that a call of a package's source may take."""


def source_limits(config: CoreConfig) -> Limits:
    """Return the limits of a source of a package, in a process of its own.

    Args:
        config: of the run.
    """
    limits = config.limits
    memory = config.memory if limits.source_memory is None else limits.source_memory
    seconds = limits.source_seconds
    if limits.stage_seconds:
        # The source is left out before its stage would end the run.
        seconds = min(seconds, WITHIN_STAGE * limits.stage_seconds)
    return Limits(seconds, memory)


def leave_out(reports: Sequence[SourceReport], failure: SourceFailed) -> None:
    """Note that a source takes no part any more, since it failed while scoring.

    Args:
        reports: of the configured sources; the row of the one that failed is changed.
        failure: of the source.

    Raises:
        SourceFailed: it is none of these sources, or was left out before.
        ConfigError: it was the last one.
    """
    for report in reports:
        if report.used and report.name == failure.source:
            report.leave(LeftOut("failed", f"failed while scoring: {failure.why}"))
            require_one(reports)
            return
    raise failure


def require_one(reports: Sequence[SourceReport]) -> None:
    """Refuse a run in which no source takes part.

    Args:
        reports: of the configured sources.

    Raises:
        ConfigError: none is used; with the reason of each.
    """
    if not any(report.used for report in reports):
        reasons = "; ".join(f"{report.name}: {report.status}" for report in reports)
        raise ConfigError(
            f"no source can take part ({reasons}); configure one that fits the data and the memory"
        )


def left_out(model: Recommender, data: Dataset, memory_gib: float) -> LeftOut | None:
    """Return why a source cannot take part, before it is even fitted.

    Args:
        model: the source, unfitted.
        data: everything that is known; the largest fit is on it.
        memory_gib: memory that fits may need.

    Returns:
        The reason; None where it can take part.
    """
    # With these settings: one of them may ask for more than the source does by itself.
    extra = model.required_extra()
    if extra and not is_installed(extra):
        return LeftOut("extra", f"left out: needs {install_hint([extra])}")
    missing = sorted(model.required() - data.capabilities)
    if missing:
        return LeftOut("data", f"left out: the data has no {' and no '.join(missing)}")
    try:
        needed = fit_memory(model, data)
    # A source may be somebody else's code, which can fail with anything.
    except Exception as failure:
        return LeftOut("failed", f"left out: memory_bytes failed: {what_happened(failure)}")
    if needed > memory_gib:
        # Rounded up: what the sentence names is enough.
        enough, most = ceil(10 * needed) / 10, 0
        if isinstance(model, WeightMatrixModel):
            most = model.items_within(memory_gib, data.n_users, data.n_items, len(data))
        or_fewer = f"{enough:.1f} would let it in, or max_items = {most}"
        lets_in = or_fewer if most else f"{enough:.1f} would let it in"
        status = (
            f"left out: needs {enough:.1f} GiB to fit {data.n_items:,} items, "
            f"memory is {memory_gib:g} GiB; memory = {lets_in}"
        )
        return LeftOut("memory", status)
    return None


def fit_memory(model: Recommender, data: Dataset) -> float:
    """Return the memory in GiB that a fit needs, by the source's own estimate.

    Args:
        model: the source, unfitted.
        data: to fit on.

    Raises:
        ValueError: the estimate is no number of bytes.
    """
    estimate = model.memory_bytes(data.n_users, data.n_items, len(data))
    # NaN is neither above nor below the memory that there is: work of it would wait for ever.
    if not 0 <= estimate < inf:
        raise ValueError(f"it gave {estimate!r}, which is no number of bytes")
    return estimate / 2**30


def declared_cost(source: SourceSettings, known: Dataset) -> float:
    """Return what a source declares that a fit costs, never by a clock.

    Args:
        source: its entry in the configuration.
        known: to fit on.

    Returns:
        Seconds of one core, about; those of a source that declares none where its own are no cost.
    """
    model = build(source.use, source.settings)
    sizes = known.n_users, known.n_items, len(known)
    try:
        cost = float(model.fit_cost(*sizes))
        if isfinite(cost) and cost >= 0:
            return cost
        why = f"it is {cost}"
    except Exception as error:  # a source is foreign code, which may fail with anything
        why = f"{type(error).__name__}: {error}"
    log.warning("source=%s fit_cost is no cost, the default is taken: %s", source.name, why)
    return Recommender.fit_cost(model, *sizes)


def source_seed(seed: int, name: str) -> list[int]:
    """Return the seed of a source's own stream.

    Each has one, so that adding a source does not move the others' numbers.

    Args:
        seed: of the run.
        name: of the source.
    """
    return [seed, crc32(name.encode())]
