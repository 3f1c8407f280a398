"""A world where it is known what each source is worth, trained whole."""

import json

import numpy as np
import pytest

from benchmarks.quality.planted import PLANTED, planted_interactions, planted_sources
from fusion.ranking.features.source_columns import ColumnKind, columns_of_kind
from fusion.training.pipeline import train
from tests.fusion.making import config, context_of, dataset
from tests.fusion.whole import status

ENTRIES = tuple({"name": name, "k": 10} for name in PLANTED)
SETTINGS = {"split": {"kind": "last", "folds": 3}, "threads": 2}


@pytest.fixture(scope="module")
def data():
    return dataset(planted_interactions(n_users=300, n_items=150, seed=3))


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory):
    settings = config(ENTRIES, tune={"trials": 0, "prune": True}, **SETTINGS)
    context = context_of(tmp_path_factory.mktemp("planted"), data, settings)
    with planted_sources(data):
        return context, train(context)


def test_noise_and_copy_go_and_the_source_of_a_tenth_stays(trained):
    _, done = trained
    states = status(done)
    left_out = {name for name, state in states.items() if state.startswith("left out: it adds")}
    assert "noise" in left_out
    assert len({"right", "copy"} & left_out) == 1
    assert states["tenth"] == states["popularity"] == "used"
    assert len(left_out) == 2


def test_what_is_judged_is_what_serves(trained):
    """Neither a row of the verdict nor a column of the ranker is of a source that left."""
    context, done = trained
    used = {name for name, state in status(done).items() if state == "used"}
    assert set(done.verdict.report.rows) == used | {"ranker", "blend", "random"}
    assert set(columns_of_kind(done.importance, ColumnKind.PROPOSED)) == used
    fits = [path.name for path in (context.root / "store" / "fit").iterdir()]
    # Five sources and random on three label folds, then three sources and random on two more.
    assert len(fits) <= 6 * 3 + 4 * 2


def test_rows_tell_what_each_source_adds(trained):
    _, done = trained
    rows = {report.name: report.contribution for report in done.sources}
    assert rows["tenth"]["value"] == pytest.approx(0.095, abs=0.02)
    assert rows["tenth"]["low"] > rows["tenth"]["margin"]
    assert rows["noise"]["high"] < rows["noise"]["margin"]
    assert not rows["noise"]["pays"]
    assert rows["tenth"]["pays"]
    json.dumps(rows)


def test_without_prune_the_same_is_told_and_everybody_stays(data, trained):
    """Fits, tables and answers are taken from the store: only what acts on them differs."""
    context, done = trained
    settings = config(ENTRIES, tune={"trials": 0, "prune": False}, **SETTINGS)
    with planted_sources(data):
        kept = train(context_of(context.root, data, settings))
    assert set(status(kept).values()) == {"used"}
    assert [report.contribution for report in kept.sources] == [
        report.contribution for report in done.sources
    ]
    np.testing.assert_equal(len(kept.verdict.report.rows), len(PLANTED) + 3)
