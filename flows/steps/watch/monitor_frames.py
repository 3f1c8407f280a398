"""The frames that monitoring compares, read from run folders."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from dashboards.measures.drift import Pairs, sampled
from dashboards.measures.feature_curves import FeatureCurve, feature_curves
from fusion.errors import DataError
from fusion.ranking.folders import RankerFolder
from fusion.runs.manifest import Manifest
from fusion.runs.monitoring_samples import SUBJECTS, read_sample
from fusion.runs.run_folder import RunFolder
from storage.schema.row_objects import RunRow

PAIR_SUBJECTS = (*SUBJECTS, "features", "scores")
"""Every subject whose columns may be compared; which are, depends on what was kept of the runs."""
DEPTH = 10
"""Ranks that are compared: what a page shows, as in the metrics."""
CURVES = 6
"""Features whose contributions are kept: most of the gain is theirs."""
CURVE_ROWS = 2000
"""Candidates that contributions are computed of: two hundred in each bin, in a part of a second."""
SECOND_RANK = 2
MIDDLE_RANK = 5
"""Ranks between which the fall of scores is measured."""


@dataclass(frozen=True)
class SampledDays:
    """Newest days that samples of two runs tell of.

    Attributes:
        now: of the run; 0 for everything, None where they can be compared with nothing.
        before: of the run that was live before it; None without one, too.
    """

    now: int | None
    before: int | None

    @classmethod
    def of(cls, run: RunRow, previous: RunRow | None) -> "SampledDays":
        """Read the days of two runs.

        Args:
            run: the run to monitor.
            previous: the run that was live before it; None without one.
        """
        rows = (run, previous)
        return cls(*(Manifest.of(row.manifest).sampled_days if row else None for row in rows))

    @property
    def are_alike(self) -> bool:
        """Tell whether both are of one definition: of other days all figures are others."""
        return self.now is not None and self.now == self.before


def read_pairs(run: RunFolder, reference: Path | None, previous: RunFolder | None) -> Pairs:
    """Read the frames to compare, by subject.

    Features are always compared within the run: the last training table beside the serving table.

    Args:
        run: the run to monitor.
        reference: samples to compare its samples with, from `reference_samples`; None leaves users,
            items and interactions out.
        previous: the run that was live before it; None without one.

    Returns:
        (reference, current) by subject: users, items, interactions, features, and scores where the
        previous run's lists are there.

    Raises:
        DataError: the run's own samples aged out.
    """
    if not has_samples(run):
        raise DataError(
            f"samples of run {run.path.name} are gone, as [retention] sample_days says: it cannot "
            "be monitored any more. The next `fusion run` has samples of its own"
        )
    pairs: Pairs = {}
    if reference is not None:
        for subject in SUBJECTS:
            now = read_sample(run.samples_now / f"{subject}.parquet")
            pairs[subject] = (read_sample(reference / f"{subject}.parquet"), now)
    pairs["features"] = (read_sample(run.features_before), read_sample(run.features))
    if previous and previous.lists.exists():
        pairs["scores"] = (score_shapes(previous), score_shapes(run))
    return pairs


def has_samples(run: RunFolder) -> bool:
    """Say whether a run has its samples still: those that aged out are files without rows.

    Args:
        run: its folder, which need not be there.
    """
    # Every run was made from interactions, so that their sample is never empty by itself.
    sample = run.samples_now / "interactions.parquet"
    return sample.exists() and pq.read_metadata(sample).num_rows > 0


def reference_samples(
    run: RunFolder, previous: RunFolder | None, days: SampledDays, has_window: bool
) -> Path | None:
    """Return the samples that a run's samples are compared with.

    Args:
        run: the run to monitor.
        previous: the run that was live before it; None without one.
        days: that the samples of both tell of.
        has_window: whether the run knows what there was one window earlier.

    Returns:
        The samples of the run before; where its folder is gone, or only its samples, or these tell
        of other days, those of the run itself one window earlier; None where there is no such
        window either, or the run's own samples can be compared with nothing.
    """
    if previous is not None and has_samples(previous) and days.are_alike:
        return previous.samples_now
    return run.samples_before if has_window and days.now is not None else None


def report_folder(run: RunFolder) -> Path:
    """Return the folder of a run's report.

    Args:
        run: its folder.
    """
    return run.path / "report"


def moving_columns(pairs: Pairs) -> dict[str, list[str]]:
    """Return the columns that move from one run to the next by their nature, by subject.

    Shapes of scores move with every ranker: with its number of trees, which early stopping finds
    anew. Of two columns one always counts as a large share, so that healthy runs would alarm. That
    lists change is churn's business, and that a ranker is broken that of admission.

    Args:
        pairs: from `read_pairs`.
    """
    shapes = pairs["scores"][1].columns if "scores" in pairs else []
    return {"features": moving_features(pairs), "scores": shapes}


def moving_features(pairs: Pairs) -> list[str]:
    """Return the features that move from one window to the next by their nature.

    Ages, counts and shares are among them; each feature declares it of itself.

    Args:
        pairs: from `read_pairs`.

    Returns:
        Names, in the order of their columns.
    """
    # Imports SciPy, which the dashboards, who only look for reports, have no use for.
    from fusion.ranking.features.compute import steady_columns  # noqa: PLC0415

    # A feature may be in one of the tables only, where the configuration changed.
    reference, current = pairs["features"]
    columns = list(dict.fromkeys([*reference.columns, *current.columns]))
    steady = steady_columns(columns)
    return [name for name in columns if name not in steady]


def ranker_curves(
    run: RunFolder, pairs: Pairs, importance: Mapping[str, float | None]
) -> list[FeatureCurve]:
    """Return what the most important features add to the scores of a run, by their values.

    Args:
        run: its folder.
        pairs: from `read_pairs`; of its features some rows are taken, always the same ones.
        importance: share of the ranker's gain by feature, as the manifest has it.

    Returns:
        Curves, the most important feature first; none where no ranker makes the lists.
    """
    if not RankerFolder(run.ranker).boosters():
        return []
    # Imports LightGBM, which who only reads frames has no use for.
    from fusion.ranking.ranker import Ranker  # noqa: PLC0415

    ranker = Ranker.load(run.ranker)
    rows = sampled(pairs["features"][1], CURVE_ROWS)
    values = {name: rows[name].to_numpy() for name in ranker.columns}
    added = dict(zip(ranker.columns, ranker.contributions(values).T, strict=True))
    gains = {name: importance.get(name) or 0.0 for name in ranker.columns}
    features = sorted(gains, key=lambda name: -gains[name])[:CURVES]
    return feature_curves(features, values, added)


def score_shapes(run: RunFolder) -> pl.DataFrame:
    """Return how each user's scores fall over ten ranks, as shares of the whole fall.

    A score only orders one list and its scale moves with every ranker, so shapes are compared,
    never levels. Lists whose scores are all equal have no shape and are left out.

    Args:
        run: its folder.

    Returns:
        A row for each user, by user: first_step, the share of the fall from the first to the second
        rank; first_half, that from the first to the fifth.
    """
    lists = pl.read_parquet(run.lists, columns=["user", "rank", "score"])
    score, rank = pl.col("score"), pl.col("rank")
    # Ranks 1, 2, 5 and the last of ten stand for the whole curve.
    levels = (
        lists.filter(rank <= DEPTH)
        .group_by("user")
        .agg(
            top=score.max(),
            end=score.min(),
            second=score.filter(rank == SECOND_RANK).max(),
            middle=score.filter(rank == MIDDLE_RANK).max(),
        )
        .sort("user")
    )
    fall = pl.col("top") - pl.col("end")
    return levels.filter(fall > 0).select(
        first_step=(pl.col("top") - pl.col("second")) / fall,
        first_half=(pl.col("top") - pl.col("middle")) / fall,
    )
