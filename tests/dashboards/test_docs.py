from pathlib import Path

import pytest

from dashboards.diagnosis.kinds import KINDS
from dashboards.measures.stability import stability
from dashboards.settings import MonitorSettings
from tests.dashboards.samples import lists

DOCS = (Path(__file__).parents[2] / "docs" / "dashboards.md").read_text()


@pytest.mark.parametrize("name", sorted(set(MonitorSettings.model_fields) - {"workspace"}))
def test_every_limit_is_explained(name):
    assert f"`monitor.{name}`" in DOCS


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_cause_is_explained(kind):
    assert f"`{kind}`" in DOCS.partition("## Where is the fault")[2]


def test_every_figure_of_stability_is_explained():
    found = stability(lists(9, 1, 1), lists(9, 2, 1), twin=lists(9, 3, 1), catalogue=90).rows()
    for name in found["name"]:
        base = name.removesuffix("_previous").rsplit("_p", 1)[0] if "_p" in name else name
        assert f"`{base}`" in DOCS, name
