"""docs/sources.md: its example runs, and its table is what the registry says."""

import re
from pathlib import Path

import numpy as np
import pytest

from fusion.config import RESERVED
from fusion.models.base import registry
from fusion.models.base.allowed import Allowed
from fusion.testing.data import fit_context, mixed_data, users_now

PAGE = (Path(__file__).parents[3] / "docs" / "sources.md").read_text(encoding="utf-8")
WORDS = {
    "last": "all",
    "days": "all",
    "half_life": "never",
    "steps": "by the data",
    "reg": "by held-out items",
    "id_bound": "any length",
    "max_items": "all",
}


def settings_of(cls) -> str:
    """The settings column of a source's row, from its configuration model."""
    settings = []
    for key, field in cls.Config.model_fields.items():
        default = WORDS[key] if field.default is None else field.default
        settings.append(
            f"`{key}` ({str(default).lower() if isinstance(default, bool) else default})"
        )
    return ", ".join(settings) or "none"


def test_the_page_has_a_true_row_for_every_source(name):
    rows = [line.split(" | ") for line in PAGE.splitlines() if line.startswith(f"| `{name}` |")]
    cls = registry.known()[name]
    assert len(rows) == 1, f"docs/sources.md needs one row for {name}"
    assert rows[0][2].strip(" |") == (", ".join(sorted(cls.needs)) or "nothing")
    assert rows[0][-1].strip(" |") == settings_of(cls)


def test_the_page_names_no_source_that_does_not_exist():
    table = PAGE.split("## All of them")[1].split("\n\nSettings")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) - {"use"} == set(
        registry.known()
    )


@pytest.fixture
def example(monkeypatch):
    """The class on the page, registered for this test only."""
    monkeypatch.setattr(registry, "_known", dict(registry.known()))
    code = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert code is not None
    exec(compile(code.group(1), "docs/sources.md", "exec"), {"__name__": "example"})
    return registry.build("again", {"others": 0.5})


def test_the_example_is_a_source(example, tmp_path):
    data = mixed_data()
    users = users_now(data)
    top = example.fit(data, fit_context()).top(
        users, 5, Allowed(np.ones(data.n_items, bool), seen=True)
    )
    own = users.history.toarray()
    assert (top.items[:-1, 0] == np.argmax(np.nan_to_num(example.scores(users)[:-1]), axis=1)).all()
    assert np.take_along_axis(own, top.items[:, :1], axis=1)[:-1].all()
    np.savez(tmp_path / "state.npz", **example.state())
    with np.load(tmp_path / "state.npz") as kept:
        again = type(example).restore(example.config, dict(kept))
    np.testing.assert_array_equal(again.scores(users), example.scores(users))
    assert np.isnan(example.scores(users)[:, data.item_counts == 0]).all()


def test_the_page_names_every_reserved_name():
    listed = PAGE.split("so these names are reserved: ")[1].split(".\n")[0]
    assert set(re.findall(r"`(\w+)`", listed)) == set(RESERVED)
