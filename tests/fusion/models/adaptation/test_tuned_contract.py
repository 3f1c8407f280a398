"""The contract of a source, held by `content` with vectors that are trained."""

from dataclasses import replace
from typing import ClassVar

import pytest

from fusion.models.adaptation import methods
from fusion.models.adaptation.settings import Schedule
from fusion.models.content import Content
from fusion.testing import SourceContract
from fusion.testing.data import item_table, small_ids
from tests.fusion.models.adaptation.worlds import shop


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    few = Schedule(learning_rate=1e-2, batch=128, most=6, check=3, patience=2)
    monkeypatch.setattr(methods, "ADAPTER", few)


class TestTunedContent(SourceContract):
    """The whole contract of a source, on data that is large enough to train."""

    source = Content
    settings: ClassVar = {"encoder": "tfidf", "tune": "adapter"}

    @pytest.fixture
    def data(self):
        data = shop(follows_kind=True, users=60)
        # As the contract's own data: the last user has no events, some items have no text.
        ids = small_ids("u", data.n_users + 1)
        return replace(data, user_ids=ids, item_table=item_table(data.n_items))

    def test_it_is_trained(self, fitted):
        assert fitted.notes["tune"] == "adapter"
