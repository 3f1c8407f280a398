"""The estimate of a training: its stages, seconds, memory and disk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from fusion.config import CoreConfig
from fusion.core.parallel import MAX_WORKERS
from fusion.planning.kinds import by_use, fit_kind, is_side_by_side, source_of, tune_kind
from fusion.planning.measured import (
    DISK_MB,
    FACTORS,
    STAGES,
)
from fusion.planning.past_costs import PastCosts
from fusion.planning.stage_curves import StageCurves
from fusion.planning.workload import Declared, Factors, Workload
from fusion.training.defaults import DEFAULTS

RUN_FOLDER, DATABASE = "run", "database"
LOAD = "load"
"""The step that every training has, whose memory is the data's."""
DECLARED_SHARE = 0.15
"""What a fit takes of the seconds that its source declares, where it was never measured: by two
runs of the default sources on a million interactions (docs/scale.md).
"""
LEAST_SECONDS = 0.05
"""CPU seconds of a measured kind below which its growth is that of the clock."""


@dataclass(frozen=True)
class StageEstimate:
    """What all steps of one kind are expected to take.

    Attributes:
        name: of the kind.
        seconds: by the wall clock, on the cores that the configuration allows.
        cpu_seconds: of one core.
        peak_mb: largest memory of the process meanwhile, in MiB.
        from_runs: whether earlier runs say so; else measured curves alone do.
    """

    name: str
    seconds: float
    cpu_seconds: float
    peak_mb: float
    from_runs: bool


@dataclass(frozen=True)
class TrainingEstimate:
    """What a training is expected to take.

    Attributes:
        seconds: by the wall clock.
        cpu_seconds: of one core.
        peak_mb: largest memory of the process, in MiB.
        disk_mb: what it leaves, in MiB: "store", "run" and "database".
        stages: by kind, the dearest first.
        runs: ids of the earlier runs that were asked, newest first.
    """

    seconds: float
    cpu_seconds: float
    peak_mb: float
    disk_mb: dict[str, float]
    stages: list[StageEstimate]
    runs: list[str]


def estimate_training(
    work: Workload,
    config: CoreConfig,
    threads: int,
    past: Sequence[PastCosts] = (),
    declared: Mapping[str, Declared] | None = None,
) -> TrainingEstimate:
    """Estimate what a training takes that takes nothing from the store.

    Args:
        work: its sizes.
        config: its settings.
        threads: cores that it may use.
        past: earlier runs of the same configuration, newest first; none asks the curves alone.
        declared: what sources say of one fit on all data, by name; their seconds count only where
            their recommender was never measured.
    """
    model = _Model(work, Factors.of(work, config), threads, tuple(past), declared or {})
    stages = [model.stage(kind) for kind in model.kinds(config)]
    stages.sort(key=lambda stage: -stage.cpu_seconds)
    peak = max((stage.peak_mb for stage in stages), default=0.0)
    return TrainingEstimate(
        seconds=round(sum(stage.seconds for stage in stages), 1),
        cpu_seconds=round(sum(stage.cpu_seconds for stage in stages), 1),
        peak_mb=peak,
        disk_mb=model.disk(),
        stages=stages,
        runs=[run.run_id for run in past],
    )


@dataclass(frozen=True)
class _Model:
    """What is known when stages are estimated, as `estimate_training` has it."""

    work: Workload
    factors: Factors
    threads: int
    past: tuple[PastCosts, ...]
    declared: Mapping[str, Declared]

    def kinds(self, config: CoreConfig) -> list[str]:
        """Return the kinds of steps of the training, by the sources that take part."""
        kinds = [kind for kind in STAGES if not is_side_by_side(kind)]
        if not config.tune.contributions:
            kinds = [kind for kind in kinds if kind != "contributions of sources"]
        kinds += [fit_kind(name) for name in self.work.uses]
        if config.tune.trials:
            tuned = [name for name, source in self.declared.items() if source.is_tuned]
            kinds += map(tune_kind, tuned)
        known = set(kinds)
        # Whatever else earlier runs did beside the sources, such as work of a newer release.
        others = {kind for run in self.past for kind in run.cpu_seconds if kind not in known}
        return kinds + sorted(kind for kind in others if not is_side_by_side(kind))

    def stage(self, kind: str) -> StageEstimate:
        """Estimate one kind of step."""
        curves = self._curves(kind)
        of_runs = self._dearest(kind)
        if of_runs is None:
            cpu_seconds = self._of_curves(kind, self.work, self.factors)
            cores = curves.cores if curves else 1.0
            seconds = cpu_seconds / min(cores, self.threads)
        else:
            cpu_seconds, seconds = of_runs
        if is_side_by_side(kind):
            seconds = cpu_seconds / min(self.threads, MAX_WORKERS)
        return StageEstimate(
            name=kind,
            seconds=round(seconds, 2),
            cpu_seconds=round(cpu_seconds, 2),
            peak_mb=round(self._peak(kind), 1),
            from_runs=of_runs is not None,
        )

    def disk(self) -> dict[str, float]:
        """Estimate what is left on disk, in MiB by part."""
        sizes = {part: curve.at(self.work.events) for part, curve in DISK_MB.items()}
        if self.past:
            newest = self.past[0]
            grown = sizes[RUN_FOLDER] / DISK_MB[RUN_FOLDER].at(newest.work.events)
            sizes[RUN_FOLDER] = newest.folder_mb * grown
        return {part: round(size, 1) for part, size in sizes.items()}

    def _curves(self, kind: str) -> StageCurves | None:
        """The curves of a kind; None where none were measured."""
        return STAGES.get(by_use(kind, self.work.uses))

    def _of_curves(self, kind: str, work: Workload, factors: Factors) -> float:
        """CPU seconds of a kind by its curve, or by what its source says of itself."""
        curves = self._curves(kind)
        if curves is not None:
            seconds = curves.cpu_seconds.at(work.along(curves.size))
            return seconds * factors.ratio(kind, FACTORS)
        name = source_of(kind)
        if kind.startswith("tune "):
            # A trial is a fit on the events of a part of the users, where there are many.
            tried = replace(work, events=min(work.events, DEFAULTS.tuning_events))
            fit = self._of_curves(fit_kind(name), tried, factors) / factors.folds
            return factors.trials * fit
        if name not in self.declared:
            return 0.0
        return DECLARED_SHARE * self.declared[name].cpu_seconds * factors.folds

    def _dearest(self, kind: str) -> tuple[float, float] | None:
        """CPU and wall seconds by the run that took most of its kind; None where none did it.

        One that took a stage from the store says nothing of making it.
        """
        scaled = [
            (run.cpu_seconds[kind] * growth, run.seconds[kind] * growth)
            for run in self.past
            if kind in run.cpu_seconds
            for growth in [self._growth(kind, run.work)]
        ]
        return max(scaled, default=None)

    def _growth(self, kind: str, earlier: Workload) -> float:
        """How much more of a kind there is than there was in an earlier run."""
        curves = self._curves(kind)
        if curves is None:
            return self.work.events / earlier.events
        # Its settings are the same, and only its folds may be others.
        before = replace(self.factors, folds=earlier.folds + 2)
        old = self._of_curves(kind, earlier, before)
        new = self._of_curves(kind, self.work, self.factors)
        return new / old if old > LEAST_SECONDS else 1.0

    def _peak(self, kind: str) -> float:
        """Memory while a kind of step runs, set right by what the newest run came to."""
        peak = self._curved_peak(kind, self.work)
        runs = [run for run in self.past if run.peak_mb]
        if not runs:
            return peak
        newest = runs[0]
        kinds = (*STAGES, *map(fit_kind, newest.work.uses))
        expected = max(self._curved_peak(each, newest.work) for each in kinds)
        return peak * newest.peak_mb / expected

    def _curved_peak(self, kind: str, work: Workload) -> float:
        """Memory by the curve of a kind, or of what all steps hold, and what a fit takes itself."""
        curves = self._curves(kind) or STAGES[LOAD]
        fit = self.declared.get(source_of(kind)) if is_side_by_side(kind) else None
        return curves.memory_mb.at(work.events) + (fit.memory_mb if fit else 0.0)
