"""Sources that stop doing what they did raise an alert each, with a code, and healthy ones none."""

from typing import Any

import pytest

from flows.steps.alerts.sources import source_alerts
from fusion.runs.manifest import Manifest

USED = {"name": "als", "use": "als", "status": "used", "cause": ""}
HEALTHY = {"users": 200, "overlap": 0.6, "silent": 0.0, "lists": 190}
USUAL = {"usual": 0.62, "usual_silent": 0.0, "usual_lists": 180}


def manifest(
    row: dict[str, Any] | None = None,
    lists: dict[str, Any] | None = None,
    share: float = 0.4,
    labels: int = 500,
    ranker: tuple[float, float] = (0.2, 0.05),
) -> Manifest:
    """A run with one source; `ranker` is its NDCG@10 and the upper end of ranker minus rival."""
    ndcg, high = ranker
    return Manifest.of(
        {
            "sources": [USED | (row or {})],
            "serving": {"sources": {"als": HEALTHY | USUAL | (lists or {})}},
            "verdict": {
                "rival": "als",
                "rows": {
                    "ranker": {"ndcg@10": {"value": ndcg, "low": ndcg, "high": ndcg}},
                    "als": {"ndcg@10": {"value": 0.15, "low": 0.15, "high": 0.15}},
                },
                "difference": {"value": high - 0.05, "low": high - 0.1, "high": high},
                "found": {
                    "labels": labels,
                    "ceiling": 0.9,
                    "sources": {"als": {"share": share, "unique": 3}},
                },
            },
        }
    )


FAULTS = {
    "source_failed": {"row": {"status": "failed on verdict: boom", "cause": "failed"}},
    "source_left_out": {"row": {"status": "left out: needs 9.1 GiB", "cause": "memory"}},
    "source_silent": {"lists": {"silent": 0.9, "overlap": 0.0}},
    "source_constant": {"lists": {"lists": 1}},
    "source_changed": {"lists": {"overlap": 0.3}},
    "source_ceiling": {"share": 0.1},
    "ranker_fell": {"ranker": (0.04, -0.04)},
}


@pytest.mark.parametrize("code", FAULTS)
def test_each_fault_is_one_alert_with_its_code(code):
    [alert] = source_alerts(manifest(**FAULTS[code]), manifest())
    assert alert.name == code
    assert alert.subject == ("ranker" if code == "ranker_fell" else "source als")
    assert "als" in alert.message
    assert alert.message.endswith((".", "?"))


def test_a_healthy_run_raises_nothing():
    assert source_alerts(manifest(), manifest()) == []
    assert source_alerts(manifest(), None) == []
    # A run of an older version measured nothing of what serves.
    assert source_alerts(manifest(), Manifest.of({"sources": [USED]})) == []
    assert source_alerts(Manifest.of({"sources": [USED]}), manifest()) == []


@pytest.mark.parametrize("code", FAULTS)
def test_a_first_run_alarms_by_facts_alone(code):
    """A failure is a fact, and so is the serving fit beside the verdict's of the same run."""
    names = [alert.name for alert in source_alerts(manifest(**FAULTS[code]), None)]
    compared = code in ("source_left_out", "source_ceiling", "ranker_fell")
    assert names == ([] if compared else [code])


@pytest.mark.parametrize("code", ["source_left_out", "source_silent", "source_constant"])
def test_what_was_so_in_the_run_before_is_no_news(code):
    fault = dict(FAULTS[code])
    if "lists" in fault:
        lists = fault["lists"]
        fault["lists"] = {
            **lists,
            "overlap": 0.6,
            **{f"usual_{name}": lists[name] for name in ("silent", "lists") if name in lists},
        }
    assert source_alerts(manifest(**fault), manifest(**fault)) == []


@pytest.mark.parametrize("cause", ["unpaid", "configuration"])
def test_what_was_left_out_as_asked_raises_nothing(cause):
    row = {"status": "left out: it adds nothing", "cause": cause}
    assert source_alerts(manifest(row=row), manifest()) == []


def test_a_fault_before_the_verdict_shows_in_the_fit_of_the_verdict():
    """The two newest fits agree then: what the verdict's keeps of the label fold's fell."""
    fault = {"lists": {"overlap": 0.6, "usual": 0.3}}
    [alert] = source_alerts(manifest(**fault), manifest())
    assert (alert.name, alert.value) == ("source_changed", pytest.approx(0.3 / 0.62))


def test_silence_towards_nobody_else_is_the_first_cause():
    fault = {"lists": {"silent": 1.0, "lists": 1, "overlap": 0.0}, "share": 0.0}
    assert [alert.name for alert in source_alerts(manifest(**fault), manifest())] == [
        "source_silent"
    ]


@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        ({"share": 0.19}, True),
        ({"share": 0.21}, False),
        # Of a few labels half is luck.
        ({"share": 0.1, "labels": 20}, False),
    ],
)
def test_a_ceiling_falls_far_and_not_by_chance(fault, raised):
    assert bool(source_alerts(manifest(**fault), manifest())) == raised


@pytest.mark.parametrize(
    ("now", "before", "raised"),
    [
        ((0.049, -0.01), (0.2, 0.05), True),
        ((0.051, -0.01), (0.2, 0.05), False),
        ((0.049, 0.01), (0.2, 0.05), False),
        ((0.049, -0.01), (0.1, -0.02), False),
    ],
)
def test_a_ranker_falls_for_certain_far_and_once(now, before, raised):
    assert bool(source_alerts(manifest(ranker=now), manifest(ranker=before))) == raised
