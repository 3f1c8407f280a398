"""Stored exposure as the page shows it: beside the run before, and nothing of older runs."""

from dashboards.pages.runs.figures import Estimate
from flows.steps.site.runs.exposure_parts import exposure_of, gaps
from fusion.runs.manifest import Manifest

GROUP = {"items": 5, "exposure": 0.2, "interest": 0.1, "ratio": 2.0, "low": 1.5, "high": None}
STORED = {"size": 20, "days": 28, "groups": {"genres=jazz": GROUP}}
LIMIT = {"rule": "exposure of genres=jazz at least 0.2", "before": 0.1, "share": 0.2, "kept": True}
COST = {"value": -0.001, "low": -0.002, "high": 0.0}


def test_groups_stand_beside_the_run_before_with_limits_and_cost():
    manifest = Manifest.of(
        {
            "exposure": STORED,
            "rules": {"exposure": [LIMIT]},
            "verdict": {"limit_exposure": {"difference": COST}},
            "config": {"gate": {"exposure_ratio": 3.0}},
        }
    )
    shown = exposure_of(manifest, Manifest.of({"exposure": STORED}))
    assert (shown.size, shown.days, shown.limit) == (20, 28, 3.0)
    (group,) = shown.groups
    assert (group.ratio, group.before) == (Estimate(2.0, 1.5, None), 2.0)
    assert shown.limits[0].kept
    assert shown.cost == Estimate(-0.001, -0.002, 0.0)
    assert exposure_of(manifest, Manifest.of({})).groups[0].before is None


def test_an_older_run_has_none():
    assert exposure_of(Manifest.of({}), Manifest.of({"exposure": STORED})) is None
    assert list(gaps({})) == []


def test_gaps_come_the_worst_first():
    stored = {
        name: {"users": 9, "difference": {"value": value, "low": value - 1, "high": value + 1},
               "others": 0.2, "chance": 0.5}
        for name, value in (("sex=f", 0.1), ("sex=m", -0.1))
    }  # fmt: skip
    assert [one.name for one in gaps({"gaps": stored})] == ["sex=m", "sex=f"]
