"""The work on one source: tuned, fitted on the oldest fold, then on the others."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from fusion.compute.task import ends_run
from fusion.config import SourceSettings
from fusion.data.splitting.fold import Fold
from fusion.isolation.failure import what_happened
from fusion.runs.stages.runtime import Runtime, Stage
from fusion.training.elsewhere.fit import hand_over_fit
from fusion.training.fit_stage import Fit, FitInputs, fit_stage
from fusion.training.tuning.stage import Tuned, TuningTask, tune_source

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FitResult:
    """A source's fit on one fold, or what it failed with.

    Attributes:
        fold: what it was fitted on.
        source: its settings, tuned ones filled in.
        fit: None where it failed.
        failure: a sentence; empty where it did not fail.
        seconds: that it took.
        tuned: what tuning gave the source before; with the fit on the oldest fold only.
    """

    fold: Fold
    source: SourceSettings
    fit: Fit | None
    failure: str
    seconds: float
    tuned: Tuned | None = None


@dataclass(frozen=True)
class FitTask:
    """The terms on which the sources of a training are tuned and fitted.

    Attributes:
        folds: to fit on, oldest first.
        tuning: the search for settings before.
        seed: of the run.
        device: "cpu" or "cuda".
        runtime: the means; its progress ends a fit when the run is stopped.
    """

    folds: tuple[Fold, ...]
    tuning: TuningTask
    seed: int
    device: str
    runtime: Runtime

    def begin(self, source: SourceSettings) -> list[FitResult]:
        """Tune a source and fit it on the oldest fold.

        Args:
            source: its settings.

        Returns:
            The one result.
        """
        tuned = tune_source(self.tuning, source, self.runtime)
        if tuned:
            settings = {**source.settings, **tuned.settings}
            source = source.model_copy(update={"settings": settings})
        return [replace(self.fit(self.folds[0], source), tuned=tuned)]

    def go_on(self, first: FitResult, newest: FitResult, folds: Sequence[Fold]) -> list[FitResult]:
        """Fit a source on folds after the oldest; warm, each from the fit before it.

        Args:
            first: its fit on the oldest fold, the steps of which the others take.
            newest: its fit on the fold before these.
            folds: oldest first.

        Returns:
            A result for each fold, up to one that failed.
        """
        assert first.fit is not None
        source = first.source
        # A source that notes no steps, or none that helped, is left to find them on each fold.
        steps = first.fit.notes.get("steps") or None
        earlier = newest.fit if source.refit == "warm" else None
        results = []
        for fold in folds:
            result = self.fit(fold, source, steps, earlier)
            results.append(result)
            # What comes after it would begin from it, and the source is left out anyway.
            if not result.fit:
                break
            earlier = result.fit if source.refit == "warm" else None
        return results

    def fit(
        self,
        fold: Fold,
        source: SourceSettings,
        steps: int | None = None,
        earlier: Fit | None = None,
    ) -> FitResult:
        """Fit a source on one fold; a failure of its code becomes a part of the result.

        Args:
            fold: what to fit on.
            source: its settings.
            steps: training steps to take; None lets the fit find them.
            earlier: the fit to begin from.
        """
        started = time.monotonic()
        fit, failure = None, ""
        try:
            stage = fit_stage(source, fold, self.seed, self.device, steps, earlier)
            fit = self._run(replace(stage, message=hand_over_fit), source, fold)
        except Exception as error:  # a source is foreign code, which may fail with anything
            if ends_run(error):
                raise
            log.warning("source failed name=%s fold=%s", source.name, fold.name, exc_info=True)
            failure = f"failed on {fold.name}: {what_happened(error)}"
        return FitResult(fold, source, fit, failure, time.monotonic() - started)

    def _run(self, stage: Stage[FitInputs], source: SourceSettings, fold: Fold) -> Fit:
        """Run the stage of a fit, and log one that was not in the store."""
        is_new = not self.runtime.has(stage)
        fit = Fit(fold, stage, self.runtime.run(stage))
        if is_new:
            notes = fit.notes
            log.info(
                "fit done source=%s fold=%s items=%d seconds=%s",
                source.name,
                fold.name,
                notes["n_items"],
                notes["seconds"],
            )
        return fit
