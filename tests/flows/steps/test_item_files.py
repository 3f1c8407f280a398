"""Items in a run folder: as the data says it, and nothing where the data says nothing."""

from datetime import UTC, datetime, timedelta

import polars as pl

from flows.steps.item_files import ended_items, with_titles
from fusion.api import from_frames
from fusion.runs.write_run import write_items

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
EVENTS = pl.DataFrame(
    {"u": ["a", "a", "b"], "i": ["x", "y", "x"], "t": [1_790_000_000, 1_790_000_100, 1_790_000_200]}
)
COLUMNS = {"columns": {"user": "u", "item": "i", "time": "t"}}


def test_titles_and_ends_are_kept_by_item(tmp_path):
    ends = ["2026-11-01T12:00:00", "2026-11-01T14:00:00+01:00", None, "2026-11-02"]
    items = pl.DataFrame({"i": ["x", "y", "z", "w"], "name": ["X", "Y", "Z", "W"], "ends": ends})
    columns = {"id": "i", "available_until": "ends"}
    settings = {**COLUMNS, "item_columns": columns, "item_features": {"text": ["name"]}}
    write_items(tmp_path, from_frames(EVENTS, items, settings=settings))
    hour = timedelta(hours=1)
    gone = [
        set(ended_items(tmp_path, NOON - hour, until)["item_id"])
        for until in (NOON, NOON + hour, NOON + 12 * hour)
    ]
    assert gone == [{"x"}, {"x", "y"}, {"x", "y", "w"}]
    assert set(ended_items(tmp_path, NOON, NOON + hour)["item_id"]) == {"y"}
    told = with_titles(tmp_path, pl.DataFrame({"item_id": ["y", "unknown"]}))
    assert told["title"].to_list() == ["Y", None]


def test_without_words_or_ends_nothing_is_kept(tmp_path):
    write_items(tmp_path, from_frames(EVENTS, settings=COLUMNS))
    assert list(tmp_path.iterdir()) == []
    assert ended_items(tmp_path, NOON - timedelta(days=9), NOON).is_empty()
    assert with_titles(tmp_path, pl.DataFrame({"item_id": ["x"]}))["title"].to_list() == [None]
