"""Exposure and gaps of a stored run, as the pages show them; older runs have none."""

from collections.abc import Iterator, Sequence

from dashboards.pages.runs.exposure_figures import (
    Exposure,
    ExposureLimit,
    ItemGroup,
    PastExposure,
    SegmentGap,
)
from flows.steps.site.runs.verdict_parts import Verdict, estimate
from fusion.evaluation.exposure.report import ExposureReport, GroupExposure
from fusion.runs.manifest import Manifest
from storage.reading.over_time.exposure_ratios import ExposureOfRun


def exposure_of(
    manifest: Manifest, before: Manifest, past: Sequence[ExposureOfRun] = ()
) -> Exposure | None:
    """Return the exposure of a run's lists.

    Args:
        manifest: of the run.
        before: of the run before; empty without one.
        past: of this run and those before it, the oldest first.

    Returns:
        None where nothing was measured.
    """
    report = ExposureReport.model_validate(manifest.exposure)
    if not report.groups:
        return None
    earlier = ExposureReport.model_validate(before.exposure).groups
    cost = (manifest.verdict.get("limit_exposure") or {}).get("difference")
    return Exposure(
        size=report.size,
        days=report.days,
        groups=tuple(
            _group(name, group, earlier.get(name)) for name, group in report.groups.items()
        ),
        limit=(manifest.config.get("gate") or {}).get("exposure_ratio"),
        limits=tuple(
            ExposureLimit(one["rule"], one["before"], one["share"], one["kept"])
            for one in (manifest.rules.exposure if manifest.rules else [])
        ),
        cost=estimate(cost),
        past=tuple(PastExposure(one.at, one.ratios) for one in past),
    )


def _group(name: str, group: GroupExposure, earlier: GroupExposure | None) -> ItemGroup:
    ratio = {"value": group.ratio, "low": group.low, "high": group.high}
    before = earlier.ratio if earlier else None
    return ItemGroup(name, group.items, group.exposure, group.interest, estimate(ratio), before)


def gaps(verdict: Verdict) -> Iterator[SegmentGap]:
    """Yield each segment beside everyone else, the worst served first.

    Args:
        verdict: of a run.
    """
    stored = verdict.get("gaps") or {}
    for name in sorted(stored, key=lambda name: stored[name]["difference"]["value"]):
        gap = estimate(stored[name]["difference"])
        if gap is not None:
            yield SegmentGap(name, int(stored[name]["users"]), gap, stored[name]["chance"])
