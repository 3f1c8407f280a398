"""The fits of all sources on all folds: those in use, loaded to score, and let go."""

from collections.abc import Sequence
from dataclasses import dataclass

from fusion.config import SourceSettings
from fusion.data.splitting.fold import Fold
from fusion.models.base.fitted import FittedSource
from fusion.runs.stages.record import drop_file
from fusion.runs.stages.runtime import Runtime
from fusion.training.fit_stage import STATE, Fit
from fusion.training.fit_task import FitResult
from fusion.training.sources import RANDOM_SOURCE, SourceReport
from fusion.training.tuning.stage import Tuned

Fits = dict[str, dict[str, Fit]]
"""Fold name -> source name -> fit."""
MIB = 2**20


@dataclass(frozen=True)
class SourceFit:
    """A source on one fold, as stages take it in.

    Attributes:
        name: what features, rows and reports call it.
        k: candidates it proposes for each user.
        fit: on that fold.
        k_new: new items that it proposes besides, if it scores any.
    """

    name: str
    k: int
    fit: Fit
    k_new: int = 0


@dataclass(frozen=True)
class SourceFits:
    """The sources of a training with all their fits.

    Attributes:
        sources: as configured, the random one last.
        reports: the manifest's rows of the configured sources; one that fails later is noted there.
        results: of each source's fits, oldest fold first; a source that failed has fewer.
        k_new: new items that a source proposes besides its best, if it scores any.
    """

    sources: tuple[SourceSettings, ...]
    reports: list[SourceReport]
    results: dict[str, list[FitResult]]
    k_new: int = 0

    @property
    def fits(self) -> Fits:
        """The fits by fold and source."""
        fits: Fits = {}
        for name, results in self.results.items():
            for result in results:
                if result.fit is not None:
                    fits.setdefault(result.fold.name, {})[name] = result.fit
        return fits

    @property
    def tuned(self) -> list[Tuned]:
        """Settings that tuning gave, source by source."""
        firsts = [results[0] for results in self.results.values()]
        return [first.tuned for first in firsts if first.tuned]

    @property
    def in_use(self) -> tuple[SourceSettings, ...]:
        """The sources in use, as configured, the random one last."""
        # Asked anew each time: a source that fails while it scores leaves between two calls.
        used = {report.name for report in self.reports if report.used} | {RANDOM_SOURCE.name}
        return tuple(source for source in self.sources if source.name in used)

    def on(self, fold: Fold) -> tuple[SourceFit, ...]:
        """Return the sources in use on a fold, in the order of their columns, the random one last.

        Args:
            fold: one of those that were fitted on.
        """
        fits = self.fits[fold.name]
        sources = []
        for source in self.in_use:
            # Its row is called random; control is the name that its fits have.
            name = "random" if source.name == RANDOM_SOURCE.name else source.name
            sources.append(SourceFit(name, source.k, fits[source.name], self.k_new))
        return tuple(sources)


def load_sources(sources: Sequence[SourceFit], runtime: Runtime) -> list[FittedSource]:
    """Load the fitted sources of a fold.

    Args:
        sources: of one fold.
        runtime: by which a fit is made again where its arrays were dropped.

    Raises:
        SourceFailed: a source cannot be restored.
    """
    return [source.fit.restore(source.name, source.k, runtime, source.k_new) for source in sources]


def evict(fits: Fits, serving: Fold, keep_mb: int) -> None:
    """Drop the arrays of large fits of past folds; their tables are kept, which later runs reuse.

    Args:
        fits: of a training that has ended.
        serving: the fold whose fits stay.
        keep_mb: MiB up to which the arrays of a fit stay.
    """
    for fold_name, fits_of_fold in fits.items():
        if fold_name == serving.name:
            continue
        for fit in fits_of_fold.values():
            state = fit.folder / STATE
            if state.exists() and state.stat().st_size > keep_mb * MIB:
                drop_file(fit.folder, STATE)
