"""A state leaves out the columns of its data, and comes back with them."""

import numpy as np
import pytest

from fusion.models.base.registry import build
from fusion.models.base.state_file import OF_DATA, read_state, write_state
from fusion.testing.data import fit_context, mixed_data, users_now


@pytest.mark.parametrize("use", ["popularity", "category"])
def test_columns_of_the_data_are_taken_from_it(use, tmp_path):
    data = mixed_data()
    fitted = build(use).fit(data, fit_context())
    write_state(tmp_path / "state.npz", fitted.state(), data)
    with np.load(tmp_path / "state.npz") as stored:
        assert not {"items", "times"} & {*stored.files}
    state = read_state(tmp_path / "state.npz", data)
    assert state["items"] is data.items
    assert state["times"] is data.times
    again = type(fitted).restore(fitted.config, state)
    users = users_now(data)
    np.testing.assert_array_equal(again.scores(users), fitted.scores(users))


def test_a_state_without_data_is_whole(tmp_path):
    data = mixed_data()
    state = build("popularity").fit(data, fit_context()).state()
    write_state(tmp_path / "state.npz", state, None)
    with np.load(tmp_path / "state.npz") as stored:
        assert {*stored.files} == {*state}
    assert not (tmp_path / OF_DATA).exists()


def test_an_equal_array_is_no_column(tmp_path):
    """What a source computed stays its own, whatever it happens to equal."""
    data = mixed_data()
    write_state(tmp_path / "state.npz", {"items": data.items.copy()}, data)
    with np.load(tmp_path / "state.npz") as stored:
        assert stored.files == ["items"]
