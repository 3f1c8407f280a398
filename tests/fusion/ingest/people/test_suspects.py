"""Suspected accounts are counted, left out as if they had never been there, or thinned."""

from functools import cache
from pathlib import Path

import polars as pl
import pytest
from pydantic import ValidationError

from benchmarks.hostile.attacks import BOT, Campaign, inject
from benchmarks.hostile.worlds import generated
from fusion.ingest.load import inspect_data
from fusion.ingest.settings import DataSettings

COLUMNS = {"time": "time"}


@cache
def poisoned() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Events with twenty bots, and the users table."""
    events, kinds = generated(seed=1)
    events, _ = inject(events, kinds, Campaign("average", 0.02))
    people = events["user"].unique(maintain_order=True).sort()
    clubs = pl.DataFrame({"user": people, "club": ["red", "blue"] * (len(people) // 2)})
    return events.drop("weight").sort("time", maintain_order=True), clubs


def read(folder: Path, events: pl.DataFrame, users: pl.DataFrame, **settings):
    events.write_csv(folder / "log.csv")
    users.write_csv(folder / "users.csv")
    shaped = {"columns": COLUMNS, "user_features": {"category": ["club"]}, **settings}
    return inspect_data(DataSettings(interactions="log.csv", users="users.csv", **shaped), folder)


def about(inspection):
    return [one for one in inspection.findings if one.code.startswith("suspicious_users")]


def test_they_are_counted_and_never_named(tmp_path):
    warned = read(tmp_path, *poisoned())
    kept = read(tmp_path, *poisoned(), suspicious="keep")
    assert warned.dataset.digest == kept.dataset.digest
    assert about(kept) == []
    (finding,) = about(warned)
    assert (finding.code, finding.severity) == ("suspicious_users", "warning")
    assert finding.count >= 20
    assert finding.total == poisoned()[0]["user"].n_unique()
    assert all(set(row) == {"item", "suspected"} for row in finding.examples)
    assert BOT not in finding.text()


def test_dropped_ones_leave_nothing_behind(tmp_path):
    """As if their rows had not been there, in the interactions and in the users table."""
    events, users = poisoned()
    dropped = read(tmp_path, events, users, suspicious="drop")
    ids = dropped.dataset.user_ids.values
    assert not ids.str.starts_with(BOT).any()
    others = pl.col("user").is_in(ids.implode())
    plain = read(tmp_path, events.filter(others), users.filter(others), suspicious="keep")
    assert dropped.dataset.digest == plain.dataset.digest
    assert dropped.notes["suspicious_interactions"] == len(events.filter(~others))
    assert dropped.notes["used"] == len(events.filter(others))


def test_of_downweighted_ones_a_tenth_trains(tmp_path):
    events, users = poisoned()
    thinned = read(tmp_path, events, users, suspicious="downweight")
    data = thinned.dataset
    assert data.n_users == events["user"].n_unique()
    counts = dict(zip(data.user_ids.values, data.user_counts.tolist(), strict=True))
    n_bots = len(events.filter(pl.col("user").str.starts_with(BOT)))
    left = sum(count for user, count in counts.items() if user.startswith(BOT))
    assert 0.02 * n_bots < left < 0.25 * n_bots
    before = dict(events.group_by("user").len().iter_rows())
    (finding,) = about(thinned)
    assert finding.code == "suspicious_users_treated"
    unchanged = sum(counts[user] == n for user, n in before.items())
    assert unchanged >= len(before) - finding.count


def test_another_word_is_refused():
    with pytest.raises(ValidationError, match="suspicious"):
        DataSettings(interactions="log.csv", suspicious="ban")
