"""The manifest as a model: the same JSON out as in, whatever release wrote it."""

import json

from fusion.runs.manifest import DataSummary, Manifest


def test_an_older_manifest_comes_out_as_it_went_in():
    older = {
        "placement": "home",
        "data": {"hash": "abc", "users": 3, "segments": {"new": 1}},
        "seed": 7,
        "sources": [{"name": "als", "status": "used", "gpu": True}],
        "quality": {"unknown": [1, None]},
    }
    manifest = Manifest.of(older)
    assert manifest.as_json() == older
    assert manifest.data.users == 3
    assert manifest.data.items is None
    assert manifest.sources[0].peak_mb == 0
    assert manifest.lists.short is None


def test_figures_that_sql_holds_as_null_come_out_as_null():
    stored = {
        "tuned": [{"name": "als", "default": None, "best": None}],
        "importance": {"blend": None},
        "feature_psi": {"blend": None, "als_rank": 0.1},
    }
    assert Manifest.of(stored).as_json() == stored


def test_nothing_stored_is_an_empty_manifest():
    assert Manifest.of(None).as_json() == {}
    assert Manifest.of(None).checks == []


def test_only_what_was_given_is_dumped_in_the_order_of_the_model():
    manifest = Manifest(why=None, seed=7, data=DataSummary(items=2))
    changed = manifest.model_copy(update={"files": {"a": {"bytes": 1}}, "placement": "home"})
    assert list(changed.as_json()) == ["placement", "data", "seed", "why", "files"]
    assert json.loads(json.dumps(changed.as_json())) == changed.as_json()


def test_stored_keys_stay_where_a_field_has_another_name():
    prior = {"column": "als_z", "weight": 0.1}
    assert Manifest(source_prior=prior).as_json() == {"lean": prior}
    assert Manifest.of({"lean": prior}).source_prior == prior
