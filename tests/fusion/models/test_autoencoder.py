"""The autoencoder: no order, the number of steps found and repeated, a sample for all items."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array

from fusion.config import DEFAULT_SOURCES, CoreConfig, SourceSettings
from fusion.models.autoencoder import AutoencoderConfig, DenoisingAutoencoder
from fusion.models.nn import autoencoder_training
from fusion.models.nn.autoencoder_training import Autoencoder, Denoising, most_steps
from fusion.models.nn.hidden_events import MIN_ITEMS, HiddenEvents, hide
from fusion.testing.data import checkerboard_data, fit_context, make_dataset, mixed_data, users_now

QUICK = AutoencoderConfig(size=8, steps=40, check=10, batch=8)
assert_same = np.testing.assert_array_equal


def scores(data, ctx=None, config=QUICK):
    return DenoisingAutoencoder(config).fit(data, ctx or fit_context()).scores(users_now(data))


def histories(n_users: int = 40, n_items: int = 30, seed: int = 0) -> csr_array:
    return csr_array(
        (np.random.default_rng(seed).random((n_users, n_items)) < 0.3).astype(np.float32)
    )


def test_the_order_of_events_changes_no_bit():
    data = mixed_data()
    turned = make_dataset(
        data.users[::-1], data.items[::-1], data.n_users, data.n_items, weights=data.weights[::-1]
    )
    assert_same(scores(turned), scores(data))


def test_steps_that_were_found_are_repeated_when_given():
    data = checkerboard_data()[0]
    found = DenoisingAutoencoder(QUICK).fit(data, fit_context())
    assert found.notes["steps"] % QUICK.check == 0
    assert not found.notes["capped"]
    given = scores(data, replace(fit_context(), max_steps=found.notes["steps"]))
    assert_same(given, found.scores(users_now(data)))
    assert not np.array_equal(
        given, scores(data, replace(fit_context(), max_steps=found.notes["steps"] + 1))
    )


def test_a_cap_on_seconds_is_noted_with_its_step():
    fitted = DenoisingAutoencoder(QUICK).fit(mixed_data(), replace(fit_context(), seconds=0.0))
    assert fitted.notes["capped"]
    assert fitted.notes["capped_at"] == "step 1 of the search for the number of steps"
    assert fitted.notes["steps"] == 1


def test_users_of_one_item_teach_nothing_and_alone_leave_it_silent():
    data = make_dataset(np.arange(6), np.arange(6) % 3, 6, 3)
    fitted = DenoisingAutoencoder(QUICK).fit(data, fit_context())
    assert fitted.notes == {"steps": 0}
    assert np.isnan(fitted.scores(users_now(data))).all()


def test_what_is_hidden_is_a_fifth_of_each_and_nothing_is_lost():
    full = histories()
    left, hidden = hide(full, np.random.default_rng(1))
    counts, kept = np.diff(full.indptr), np.diff(left.indptr)
    able = counts >= MIN_ITEMS
    assert isinstance(hidden, HiddenEvents)
    assert_same(counts - kept, np.where(able, np.ceil(0.2 * counts), 0))
    assert_same((hidden.left + hidden.hidden).toarray(), full[able].toarray())
    assert_same(hidden.left.toarray(), left[able].toarray())
    nobody = histories(5, 4)
    assert hide(nobody, np.random.default_rng(1)) == (nobody, None)


def test_the_gain_of_a_look_is_the_slow_obvious_one():
    _, hidden = hide(histories(), np.random.default_rng(1))
    model = Autoencoder(30, 4, torch.Generator().manual_seed(3))
    left, wanted = hidden.left.toarray(), hidden.hidden.toarray() > 0
    with torch.inference_mode():
        predicted = (model.users(torch.from_numpy(left)) @ model.items.T).numpy()
    gains = []
    for user, items in enumerate(wanted):
        rivals = predicted[user][left[user] == 0]
        gains += [
            1 / np.log2(2 + (rivals > predicted[user, item]).sum())
            for item in np.flatnonzero(items)
        ]
    assert hidden.gain(model) == pytest.approx(np.mean(gains))


def training(full: csr_array) -> Denoising:
    model = Autoencoder(full.shape[1], 8, torch.Generator().manual_seed(3))
    return Denoising(
        model,
        full,
        QUICK.model_copy(update={"dropout": 0.0, "batch": 40}),
        np.random.default_rng(5),
    )


def test_a_sample_of_items_tells_the_loss_of_all(monkeypatch):
    full = csr_array(np.hstack([histories().toarray(), np.zeros((40, 2000), np.float32)]))
    whole = training(full).loss().item()
    monkeypatch.setattr(autoencoder_training, "COLUMNS", 2030)
    assert training(full).loss().item() == whole
    monkeypatch.setattr(autoencoder_training, "COLUMNS", 500)
    sampled = training(full)
    columns, doubt = sampled._columns(full.indices)
    assert len(columns) == 530
    assert np.exp(doubt).sum() == pytest.approx(2030)
    assert sampled.loss().item() == pytest.approx(whole, rel=1e-3)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_it_trains_on_cuda():
    fitted = DenoisingAutoencoder(QUICK).fit(
        mixed_data(), replace(fit_context(), max_steps=20, device="cuda")
    )
    assert fitted.notes["device"] == "cuda"


def test_steps_at_most_follow_the_number_of_histories():
    assert [most_steps(users, 128) for users in (10, 1280, 10**6)] == [300, 600, 2000]


def test_it_stands_in_for_neural_where_there_are_no_times():
    with_times, without = (
        [one.name for one in CoreConfig().sources_for(times)] for times in (True, False)
    )
    assert with_times == list(DEFAULT_SOURCES)
    assert without == [*DEFAULT_SOURCES[:-1], "autoencoder"]
    mine = (SourceSettings(name="neural"),)
    assert CoreConfig(sources=mine).sources_for(False) == mine
