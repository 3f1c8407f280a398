"""Shapes of scores, which monitoring compares: no change of scale moves them."""

import polars as pl
from polars.testing import assert_frame_equal

from flows.steps.watch.monitor_frames import score_shapes
from fusion.runs.run_folder import RunFolder

SCORES = [10.0, 8.0, 7.0, 6.5, 6.0, 5.0, 4.0, 3.0, 2.0, 0.0, -50.0]


def shapes(folder, scores):
    folder.mkdir()
    ranks = range(1, len(scores) + 1)
    frame = pl.DataFrame(
        {"user": [0] * len(scores), "rank": ranks, "score": scores},
        schema_overrides={"rank": pl.Int32},
    )
    frame.write_parquet(folder / "lists.parquet")
    return score_shapes(RunFolder(folder))


def test_places_are_told_as_shares_of_the_fall_over_ten(tmp_path):
    found = shapes(tmp_path / "one", SCORES)
    assert found.to_dicts() == [{"first_step": 0.2, "first_half": 0.4}]


def test_another_scale_is_the_same_shape_and_another_shape_is_not(tmp_path):
    plain = shapes(tmp_path / "plain", SCORES)
    assert_frame_equal(shapes(tmp_path / "scaled", [3 * score - 7 for score in SCORES]), plain)
    assert shapes(tmp_path / "bent", [score**3 for score in SCORES]).row(0) != plain.row(0)


def test_a_flat_list_has_no_shape(tmp_path):
    assert shapes(tmp_path / "flat", [1.0] * 5).is_empty()
