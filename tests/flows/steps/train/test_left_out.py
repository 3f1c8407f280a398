"""What the live run left out, as the next training reads it from the stored manifest."""

from flows.steps.train.inputs import _left_out
from fusion.runs.manifest import Manifest
from tests.fusion.making import config

ROW = {"value": -0.001, "low": -0.002, "high": 0.0, "margin": 0.001, "beside": 3, "runs": 1}


def manifest(settings, **status):
    sources = [
        {"name": name, "status": state, "contribution": {**ROW, "pays": state == "used"}}
        for name, state in status.items()
    ]
    return Manifest.of({"config": settings.model_dump(mode="json"), "sources": sources})


def test_sources_that_did_not_pay_are_carried_over():
    settings = config()
    stored = manifest(settings, popularity="used", ease="left out: it adds -0.0010")
    assert _left_out(stored, settings) == {"ease": {**ROW, "pays": False}}


def test_of_other_sources_nothing_is_carried_over():
    stored = manifest(config(), ease="left out: it adds -0.0010")
    assert _left_out(stored, config(("popularity", "ease"))) == {}


def test_sources_that_stayed_or_failed_are_not_carried_over():
    """With `prune = false` a source that does not pay is used all the same."""
    settings = config()
    row = {"name": "ease", "status": "used", "contribution": {**ROW, "pays": False}}
    dead = {"name": "item_knn", "status": "failed on verdict: no room", "contribution": None}
    stored = Manifest.of({"config": settings.model_dump(mode="json"), "sources": [row, dead]})
    assert _left_out(stored, settings) == {}


def test_a_manifest_of_an_older_release_carries_nothing_over():
    assert _left_out(Manifest.of(None), config()) == {}
