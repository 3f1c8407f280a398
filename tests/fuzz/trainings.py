"""Tiny trainings on data and settings that are valid, and at the edge of what can be trained."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.flows.world import DAY, START
from tests.fuzz.case import CONFIG, Case
from tests.fuzz.values import toml_text

SOURCES = ("popularity", "ease", "item_knn", "user_knn", "sequence", "als", "content")
"""Sources whose fits take moments."""


@st.composite
def trainings(draw: st.DrawFn) -> Case:
    """Draw a training."""
    n_events = draw(st.sampled_from([2, 60, 400, 800]))
    n_users, n_items = draw(st.sampled_from([1, 2, 9, 40])), draw(st.sampled_from([1, 2, 9, 30]))
    n_days = draw(st.sampled_from([1, 3, 60, 3000]))
    weights = draw(st.sampled_from([[5], [1, 5], [0, 0.5, 1e30], [-1, 4, 5], [1e-300, 4], ["", 3]]))
    # Hypothesis draws the shape of the data alone: it is not to search among thousands of events.
    rng = np.random.default_rng(draw(st.integers(0, 9)))
    lines = ["userId,movieId,timestamp,rating"]
    for _ in range(n_events):
        user, item, day = rng.integers((n_users, n_items, n_days))
        moment = START + int(day) * DAY
        lines.append(f"u{user},i{item},{moment},{weights[rng.integers(len(weights))]}")
    raw = "\n".join(lines).encode()
    config = toml_text(draw(_settings()))
    return Case(("train", "--config", CONFIG), (), config, (("case.csv", raw),))


@st.composite
def _settings(draw: st.DrawFn) -> dict[str, Any]:
    def either(*values: Any) -> Any:
        return draw(st.sampled_from(values))

    columns = {"user": "userId", "item": "movieId"}
    if either(True, True, False):
        columns["time"] = "timestamp"
    if either(True, False):
        columns["weight"] = "rating"
    names = draw(st.lists(st.sampled_from(SOURCES), unique=True, min_size=1, max_size=3))
    data: dict[str, Any] = {"interactions": "case.csv", "columns": columns}
    if "weight" in columns and either(True, False, False):
        data["positive"] = either("weight >= 4", "weight > 9", "rating >= 0")
    return {
        "seed": either(7, 0, 2**31 - 1),
        "threads": 1,
        "memory": either(*[4.0] * 9, 1e-9),
        "sources": [{"name": name, "k": either(1, 5, 10_000)} for name in names],
        "data": data,
        "split": {
            "kind": either("auto", "time", "last", "random"),
            "folds": either(1, 2, 12),
            "users": either(1, 5),
            "sparse": either(1, 5, 10**6),
            **either({}, {"window": 1}, {"window": 36_500}),
        },
        "tune": {"trials": either(0, 0, 1)},
        "ranker": {
            "trees": either(1, 5),
            "min_leaf": either(1, 20, 2**31 - 1),
            "patience": either(1, 2**31 - 1),
            "max_rows": either(1000, 2**31 - 1),
            "seeds": 1,
            **either({}, {"leaves": 2}, {"columns_share": 1e-9}, {"learning_rate": 1e-300}),
        },
        "gate": {"users": either(1, 100), "max_feature_psi": either(0.1, 100)},
        "lists": {
            # Nothing is live there that could be compared with.
            "placement": "other",
            "size": either(1, 5, 1000),
            "reserve": either(0, 3, 1000),
            "users": either("all", "active:1d", "active:9999999d"),
            "exclude_seen": either(True, False),
            "why_rows": either(0, 5, 2**31 - 1),
            "cold_users": either(0, 1, 100_000),
        },
    }
