"""Hand-over to the peers: what goes out, what is read back, and when it is refused."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from benchmarks.quality.holds import hold_last, hold_time
from benchmarks.quality.peers import DAY_MS, peer_lists
from fusion.api import from_frames

TASK = {"hold": "last", "days": 7, "share": 0.1, "seed": 7}
FRAME = pl.DataFrame(
    {
        "who": ["b", "a", "b", "a", "b", "a", "a"],
        "what": ["x", "y", "y", "z", "z", "x", "w"],
        "when": np.arange(7) * 100_000 + 1_600_000_000,
    }
)
DATA = from_frames(FRAME, settings={"columns": {"user": "who", "item": "what", "time": "when"}})


def test_known_goes_out_and_lists_come_back_by_outside_ids(tmp_path):
    held = hold_last(DATA, 1)
    assert peer_lists(held, TASK, tmp_path, None, 1) == {}
    out = pl.read_parquet(tmp_path / "known.parquet")
    assert out["user"].to_list() == ["b", "a", "b", "a", "a"]
    assert out["item"].to_list() == ["x", "y", "y", "z", "x"]
    assert pl.read_parquet(tmp_path / "users.parquet")["user"].to_list() == ["b", "a"]
    back = pl.DataFrame(
        {"user": ["a", "a", "b", "b"], "rank": [1, 2, 1, 2], "item": ["w", "w", "x", "z"]}
    )
    back.write_parquet(tmp_path / "als.parquet")
    (tmp_path / "als.json").write_text('{"seconds": 1.5}')
    lists, notes = peer_lists(held, TASK, tmp_path, None, 1)["als"]
    w, x, z = DATA.item_ids.rows(pl.Series(["w", "x", "z"]))
    assert lists[:, :3].tolist() == [[x, z, -1], [w, -1, -1]]  # an item named twice counts once
    assert notes == {"seconds": 1.5}


def test_lists_of_other_interactions_or_users_are_refused(tmp_path):
    held = hold_last(DATA, 1)
    peer_lists(held, TASK, tmp_path, None, 1)
    with pytest.raises(SystemExit, match="or users"):
        peer_lists(replace(held, label_users=held.label_users[:1]), TASK, tmp_path, None, 1)
    with pytest.raises(SystemExit, match="other interactions"):
        peer_lists(hold_last(DATA, 2), TASK, tmp_path, None, 1)


def test_by_time_the_cut_stands_at_midnight(tmp_path):
    held = hold_time(DATA, 1, 1)
    peer_lists(held, {**TASK, "hold": "time", "days": 1}, tmp_path, None, 1)
    out = pl.read_parquet(tmp_path / "known.parquet")
    shift = int((out["time"] - pl.Series(held.known.times)).unique().item())
    assert (int(held.as_of[0]) + shift) % DAY_MS == 0
    assert json.loads((tmp_path / "task.json").read_text())["hold"] == "time"


def test_a_peer_without_lists_long_after_its_clock_is_stopped_and_left_out(tmp_path, capfd):
    slow = tmp_path / "bin" / "python"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    assert peer_lists(hold_last(DATA, 1), TASK, tmp_path / "lists", tmp_path, 0.02) == {}
    assert "sasrec: no lists after 0 s, stopped" in capfd.readouterr().out
