"""The manifest of a training: what decided the result, and what came out; it reads back as JSON."""

import json
from dataclasses import asdict, replace

import polars as pl

from fusion.runs.manifest import Manifest
from fusion.runs.run_folder import ListsFolder
from fusion.training.prior_effects import PriorEffect
from fusion.training.run_manifest import count_lists, training_manifest


def test_it_reads_back_as_it_was_written(done):
    text = json.dumps(training_manifest(*done).as_json())
    assert json.dumps(Manifest.of(json.loads(text)).as_json()) == text


def test_it_says_what_decided_the_result(done):
    context, trained = done
    manifest = training_manifest(context, trained)
    assert manifest.data.hash == context.data.digest
    assert manifest.config["lists"]["size"] == context.config.lists.size
    assert [source.name for source in manifest.sources] == [one.name for one in trained.sources]
    assert f"lists/{trained.lists.name}" in manifest.stages
    assert manifest.rules is None
    threshold = manifest.defaults["training"]["tuning_depth"]
    assert threshold["value"] == 10
    assert threshold["reason"]


def test_it_says_what_became_of_priors(done):
    context, trained = done
    assert training_manifest(context, trained).priors == []
    learned = (PriorEffect("parents", 0.2, 0.1, -0.3), PriorEffect("idle", 0.0, 0.0, None))
    manifest = training_manifest(context, replace(trained, priors=learned))
    again = Manifest.of(json.loads(json.dumps(manifest.as_json())))
    assert [prior.model_dump() for prior in again.priors] == [asdict(one) for one in learned]


def test_lists_are_counted_as_they_are_read(done, tmp_path):
    files = ListsFolder(tmp_path)
    pl.DataFrame({"user": [1, 1, 2], "rank": [1, 2, 1]}).write_parquet(files.lists)
    routes = ["warm", "sparse", "warm", "cold"]
    pl.DataFrame({"user": [1, 2, 3, 4], "route": routes}).write_parquet(files.served)
    counts = count_lists(files, size=2)
    assert (counts.rows, counts.users, counts.short) == (3, 2, 2)
