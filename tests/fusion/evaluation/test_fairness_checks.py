"""Checks of admission on fairness: off by default, sure before they refuse."""

from dataclasses import replace

import pytest

from fusion.evaluation.check import run_checks
from fusion.evaluation.checks.evidence import ExposureEvidence, VerdictEvidence
from fusion.evaluation.exposure.report import ExposureReport, GroupExposure
from fusion.evaluation.verdict_report import SegmentGap
from fusion.metrics.bootstrap import Interval

EXPOSURE, SEGMENT = "exposure follows interest", "no segment is far behind"


def group(ratio: float) -> GroupExposure:
    return GroupExposure(
        items=9, exposure=0.1 * ratio, interest=0.1, ratio=ratio, low=ratio * 0.9, high=ratio * 1.1
    )


def gated(context, **gate):
    config = context.config.model_copy(update={"gate": context.config.gate.model_copy(update=gate)})
    return replace(context, config=config)


def by_name(needs, evidence):
    return {check.name: check for check in run_checks(needs, evidence)}


def test_both_are_off_by_default(done):
    context, trained = done
    report = ExposureReport(groups={"genres=jazz": group(900)})
    assert by_name("exposure", ExposureEvidence(context, report)) == {}
    assert SEGMENT not in by_name("verdict", VerdictEvidence(context, trained.verdict))
    assert not {EXPOSURE, SEGMENT} & {check.name for check in trained.checks}


@pytest.mark.parametrize(("ratio", "holds"), [(2.9, True), (3.2, True), (3.5, False), (0.2, False)])
def test_a_group_that_is_surely_shown_too_much_or_too_little_refuses(done, ratio, holds):
    context = gated(done[0], exposure_ratio=3.0)
    report = ExposureReport(groups={"genres=jazz": group(ratio), "head": group(1)})
    check = by_name("exposure", ExposureEvidence(context, report))[EXPOSURE]
    assert check.holds is holds
    assert ("genres=jazz" in check.message) is not holds
    if not holds:
        assert check.broken == 1
        assert "gate.exposure_ratio = 3 allows 0.33 to 3 times" in check.message


@pytest.mark.parametrize(("high", "holds"), [(-0.01, True), (-0.049, True), (-0.051, False)])
def test_a_segment_that_is_surely_far_behind_refuses(done, high, holds):
    context, trained = done
    gap = SegmentGap(users=50, difference=Interval(-0.1, -0.15, high), others=0.2, chance=0.01)
    report = trained.verdict.report.model_copy(update={"gaps": {"sex=f": gap}})
    evidence = VerdictEvidence(
        gated(context, segment_gap=0.25), replace(trained.verdict, report=report)
    )
    check = by_name("verdict", evidence)[SEGMENT]
    assert check.holds is holds
    assert ("sex=f" in check.message) is not holds


def test_the_verdict_of_a_run_has_its_gaps(done):
    gaps = done[1].verdict.report.gaps
    assert gaps.keys() == {"sex=f", "sex=m"}
    for gap in gaps.values():
        assert gap.difference.low < gap.difference.value < gap.difference.high
