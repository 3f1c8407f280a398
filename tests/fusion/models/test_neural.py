"""Neural: planted sequences, new items by text, equal bits, steps and caps."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from fusion.models.base.allowed import Allowed
from fusion.models.neural import Neural
from fusion.models.nn.settings import NeuralConfig
from fusion.models.nn.windows import endless_batches, hold_out, training_windows, without
from tests.fusion.models.planted import context, cycles, dataset, everyone

SMALL = NeuralConfig(
    size=16, last=8, encoder="none", negatives=16, batch=16, learning_rate=0.01, dropout=0.1
)
TEXTS = [
    f"{a} {b}" for a in ("space", "lemon", "chess", "piano") for b in ("opera", "garden", "winter")
]


@pytest.fixture(scope="module")
def cycle():
    return cycles()


@pytest.fixture(scope="module")
def fitted(cycle):
    return Neural(SMALL).fit(cycle, context(max_steps=300))


def test_the_right_next_item_comes_first(cycle, fitted):
    users = everyone(cycle)
    following = (users.items[users.borders[1:] - 1] + 1) % 12
    top = fitted.top(users, 1, Allowed(np.ones(12, bool), seen=True))
    assert (top.items[:, 0] == following).mean() > 0.95
    assert fitted.notes["steps"] == 300


def test_the_number_of_steps_is_found_and_repeats_the_model(cycle):
    config = SMALL.model_copy(update={"steps": 400, "check": 40})
    found = Neural(config).fit(cycle, context())
    steps = found.notes["steps"]
    assert 40 <= steps <= 400
    assert not found.notes["capped"]
    again = Neural(config).fit(cycle, context(max_steps=steps))
    assert np.array_equal(found.vectors_, again.vectors_)
    users = everyone(cycle)
    top = found.top(users, 1, Allowed(np.ones(12, bool), seen=True))
    assert (top.items[:, 0] == (users.items[users.borders[1:] - 1] + 1) % 12).mean() > 0.9


def test_the_search_ends_when_nothing_gets_better():
    rng = np.random.default_rng(0)
    noise = dataset([(u, i) for u in range(60) for i in rng.permutation(12)[:8]], 12)
    config = SMALL.model_copy(update={"steps": 4000, "check": 20, "patience": 2})
    assert Neural(config).fit(noise, context()).notes["steps"] < 1000


@pytest.mark.parametrize("steps", [None, 500])
def test_the_seconds_cap_fires_and_is_noted(cycle, caplog, steps):
    config = SMALL.model_copy(update={"steps": 100_000, "check": 100_000})
    model = Neural(config).fit(cycle, context(seconds=0.05, max_steps=steps))
    assert model.notes["capped"] is True
    assert ("of the search" in model.notes["capped_at"]) == (steps is None)
    assert "step" in model.notes["capped_at"]
    assert "seconds cap fired" in caplog.text
    again = Neural(config).fit(cycle, context(max_steps=model.notes["steps"]))
    assert again.notes["capped"] is False
    assert np.array_equal(again.vectors_, model.vectors_)


def test_same_seed_same_bits_other_seed_other_bits(cycle):
    one, two, other = (Neural(SMALL).fit(cycle, context(seed, max_steps=30)) for seed in (1, 1, 2))
    for name, values in one.state().items():
        assert np.array_equal(values, two.state()[name]), name
    assert not np.array_equal(one.vectors_, other.vectors_)


def test_same_bits_in_another_process(cycle):
    code = (
        "import sys; from tests.fusion.models.test_neural import *\n"
        "model = Neural(SMALL).fit(cycles(), context(1, max_steps=30))\n"
        "sys.stdout.write(model.vectors_.tobytes().hex())"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == Neural(SMALL).fit(cycle, context(1, max_steps=30)).vectors_.tobytes().hex()


def test_torch_is_left_as_found(cycle):
    torch.manual_seed(5)
    before = (
        torch.get_num_threads(),
        torch.get_rng_state(),
        torch.are_deterministic_algorithms_enabled(),
    )
    Neural(SMALL).fit(cycle, context(max_steps=2, threads=1)).scores(everyone(cycle))
    assert torch.get_num_threads() == before[0]
    assert torch.equal(torch.get_rng_state(), before[1])
    assert torch.are_deterministic_algorithms_enabled() == before[2]


def test_state_round_trip_is_bit_identical(cycle, fitted):
    again = Neural.restore(fitted.config, fitted.state())
    assert np.array_equal(again.scores(everyone(cycle)), fitted.scores(everyone(cycle)))


def test_a_user_scores_the_same_alone_and_among_others(cycle, fitted):
    users = everyone(cycle)
    together = fitted.user_vectors(users)
    for row in (0, 7, 59):
        assert np.array_equal(
            fitted.user_vectors(users.block(slice(row, row + 1)))[0], together[row]
        )


def test_a_new_item_with_the_text_of_the_next_one_ranks_high():
    data = cycles(texts=[*TEXTS, TEXTS[3], None], catalogue=14)
    config = SMALL.model_copy(update={"encoder": "tfidf", "id_dropout": 0.3})
    model = Neural(config).fit(data, context(max_steps=300))
    users = everyone(data)
    scores = model.scores(users)
    assert np.isnan(scores[:, 13]).all()
    assert np.isfinite(scores[:, :13]).all()
    next_is_3 = users.items[users.borders[1:] - 1] == 2
    ranks = (scores[next_is_3] > scores[next_is_3, 12][:, None]).sum(axis=1)
    assert next_is_3.any()
    assert (ranks <= 1).all()
    assert model.notes["encoder"] == "tfidf"


def test_a_bounded_own_part_leaves_the_rest_of_a_vector_to_the_text():
    texts = [*TEXTS[:11], None, TEXTS[3], None]
    data = cycles(texts=texts, catalogue=14)
    config = SMALL.model_copy(update={"encoder": "tfidf", "id_bound": 0.5})
    free = config.model_copy(update={"id_bound": None})
    model = Neural(config).fit(data, context(max_steps=200, keep=True))
    own = np.linalg.norm(model.kept_["ids"], axis=1)
    assert (own[:11] <= 0.5 + 1e-5).all()
    assert own[11] > 0.5  # without a text nothing else is left
    unbounded = Neural(free).fit(data, context(max_steps=200, keep=True))
    assert np.linalg.norm(unbounded.kept_["ids"], axis=1).min() > 0.5
    # The new item has the text of item 3: its vector lies at most the own part away.
    vectors = dict(zip(model.items_.tolist(), model.vectors_, strict=True))
    assert np.linalg.norm(vectors[12] - vectors[3]) <= 0.5 + 1e-5
    users = everyone(data)
    next_is_3 = users.items[users.borders[1:] - 1] == 2
    scores = model.scores(users)[next_is_3][:, :13]
    assert ((scores > scores[:, 12:13]).sum(axis=1) <= 1).all()
    again = Neural(config).fit(data, context(max_steps=200, keep=True))
    assert np.array_equal(again.vectors_, model.vectors_)


def test_items_without_history_or_text_are_silent_and_so_are_strangers():
    data = cycles(catalogue=14, texts=[None] * 14)
    model = Neural(SMALL.model_copy(update={"encoder": "auto"})).fit(data, context(max_steps=5))
    assert model.notes["encoder"] == "none"
    users = everyone(data)
    assert np.isnan(model.scores(users)[:, 12:]).all()
    only_new = type(users)(
        rows=users.rows[:2],
        borders=np.array([0, 0, 1]),
        items=np.array([13], np.int32),
        times=users.times[:1],
        weights=users.weights[:1],
        as_of=users.as_of[:2],
        n_items=14,
    )
    assert np.isnan(model.scores(only_new)).all()


def test_without_sequences_it_is_silent():
    data = dataset([(0, 0), (1, 1)], 2)
    model = Neural(SMALL).fit(data, context())
    assert np.isnan(model.scores(everyone(data))).all()
    assert (
        Neural.restore(SMALL, model.state())
        .top(everyone(data), 1, Allowed(np.ones(2, bool)))
        .items.max()
        == -1
    )


def test_short_histories_have_no_tail_to_hold_out():
    data = dataset([(u, (u + step) % 5) for step in range(2) for u in range(20)], 5)
    assert (
        Neural(SMALL).fit(data, context()).notes["steps"] == 25
    )  # 20 windows, 20 rounds, 16 a batch


def test_windows_make_every_event_but_the_first_a_target_once():
    borders = np.array([0, 1, 1, 3, 14])
    windows = training_windows(np.arange(14, dtype=np.int32), borders, last=4)
    shown = windows.padded(np.arange(len(windows)), 5, -1)
    targets = np.sort(shown[:, 1:][shown[:, 1:] >= 0])
    assert targets.tolist() == [2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]
    assert windows.counts.max() == 5


def test_batches_meet_every_window_once_a_round():
    batches = endless_batches(np.array([3, 50, 4, 51, 2, 49, 5]), 3, np.random.default_rng(0))
    seen = np.concatenate([next(batches) for _ in range(3)])
    assert np.sort(seen).tolist() == list(range(7))


def test_held_out_tails_are_gone():
    items, borders = np.arange(9, dtype=np.int32), np.array([0, 4, 5, 9])
    tails = hold_out(borders, 2, 10, np.random.default_rng(0))
    kept, short = without(items, borders, tails)
    assert tails.rows.tolist() == [0, 2]
    assert kept.tolist() == [0, 1, 4, 5, 6]
    assert short.tolist() == [0, 2, 3, 5]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_it_trains_on_cuda(cycle):
    assert Neural(SMALL).fit(cycle, context(max_steps=20, device="cuda")).notes["device"] == "cuda"


def test_a_device_that_does_not_work_falls_back(cycle, caplog):
    if torch.cuda.is_available():
        pytest.skip("CUDA works here")
    model = Neural(SMALL).fit(cycle, context(max_steps=2, device="cuda"))
    assert model.notes["device"] == "cpu"
    assert "cannot be used" in caplog.text
