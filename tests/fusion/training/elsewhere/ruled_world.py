"""A training with all that lists may follow, cut into parts of some users each."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from fusion.config import PriorSettings
from fusion.data.dataset import Dataset
from fusion.evaluation.live_baseline import Live
from fusion.lists.business_rules.resolve_priors import with_priors
from fusion.lists.business_rules.resolve_rules import usable
from fusion.lists.business_rules.rules import RuleSet
from fusion.lists.live_lists import LiveLists
from fusion.training.elsewhere import parts
from fusion.training.pipeline import Trained, train
from tests.fusion.making import config, context_of, described

SOURCES = (
    "popularity",
    "als",
    "user_knn",
    "sequence",
    {"name": "content", "settings": {"encoder": "tfidf"}},
)
RULES = {
    "allow": [{"categories": [f"genres={kind}" for kind in ("jazz", "noir")], "segment": "sex=f"}],
    "pin": [{"item": "i3", "rank": 2, "segment": "sex=m"}],
    "boost": [{"categories": ["genres=quiz"], "places": 3}],
    "limit": [{"category": "genres", "share": 0.6}],
    "limit_exposure": [
        {"categories": ["genres=drama"], "least": 0.3},
        {"groups": ["tail"], "most": 0.2},
    ],
    "diversity": {"by": "text", "encoder": "tfidf"},
}
BLOCKED = pl.DataFrame({"item_id": ["i7", "i8"], "user_id": [None, "u5"]})


@contextmanager
def small_parts() -> Iterator[list[tuple[str, str, int]]]:
    """Blocks of a few users, and parts of a few blocks; notes stage, part and users of each."""
    noted: list[tuple[str, str, int]] = []
    make = parts._make_part

    def note(place: Path, task: Any, users: Any, *more: Any) -> None:
        noted.append((place.parent.parent.name, place.name, len(users)))
        make(place, task, users, *more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fusion.runs.stages.runtime.BLOCKS_PER_BUDGET", 1500)
        patch.setattr("fusion.core.parallel.LEAST_USERS", 12)
        patch.setattr(parts, "_make_part", note)
        yield noted


def known(data: Dataset) -> Dataset:
    """The dataset with vectors, facts, queries and a prior."""
    rule = PriorSettings(name="mine", history=["genres=jazz"], items=["genres=noir"])
    return with_priors(described(data), [rule])[0]


def trained(root: Path, data: Dataset, store: str | None = None, **compute: Any) -> Trained:
    """Train under rules, beside lists that are shown to some users."""
    lists = {"stickiness": 1.0, "why_rows": 200, "new_items": {"min": 0.01}}
    settings = config(SOURCES, compute=compute, lists=lists, artifacts={"store": store})
    context = context_of(root, data, settings)
    rules, _ = usable(RuleSet(**RULES), data, BLOCKED, settings.lists.size)
    users = np.arange(0, data.n_users, 2, dtype=np.int32)
    shown = np.random.default_rng(0).permuted(np.tile(np.arange(40), (len(users), 1)), axis=1)
    live_lists = LiveLists(users, shown[:, :8].astype(np.int32))
    live = Live("before", "ranker", "time", None, data.as_of, lists=live_lists)
    return train(context, live, rules)
