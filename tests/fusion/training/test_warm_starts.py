"""Fits that begin from one another: oldest first, never from later ones, always the same."""

import json
import shutil
from typing import Self

import numpy as np
import pytest

from fusion.data.dataset import Dataset
from fusion.data.splitting.earlier import is_earlier
from fusion.errors import ConfigError, FusionError
from fusion.models.base.fit_context import FitContext
from fusion.models.base.registry import build
from fusion.models.neural import Neural
from fusion.training.fit_stage import fit_stage
from fusion.training.fits import fit_sources
from fusion.training.pipeline import train
from fusion.training.source_fits import evict, load_sources
from fusion.training.sources import build_source, source_seed
from tests.fusion import broken
from tests.fusion.making import config, context_of, dataset, item_frame, synthetic_interactions
from tests.fusion.whole import status

SETTINGS = {"size": 8, "steps": 40, "check": 10, "negatives": 32, "encoder": "none"}
WARM = {"name": "neural", "refit": "warm", "settings": SETTINGS}


class GoesOn(broken.Plain):
    """Keeps the numbers of events of the fits it goes on from."""

    supports_warm_start = True

    def fit(self, data: Dataset, ctx: FitContext) -> Self:
        assert ctx.keep
        before = [] if ctx.warm is None else ctx.warm["events"].tolist()
        if len(before) == self.dies_after:
            raise RuntimeError("no way on")
        self.events_ = [*before, len(data)]
        return self

    @classmethod
    def restore(cls, config, state):
        model = cls(config)
        model.events_ = state["events"].tolist()
        return model

    dies_after = -1


class StopsHalfway(GoesOn):
    dies_after = 2


def folds_of(context):
    return (*context.plan.labels, context.plan.verdict, context.plan.serving)


def fit_all(context):
    return fit_sources(context, folds_of(context))


def folders(fits):
    """Fold -> source -> folder of the fit."""
    return {
        fold: {name: fit.folder for name, fit in of_fold.items()} for fold, of_fold in fits.items()
    }


def inputs_of(fit):
    return json.loads((fit.folder / "inputs.json").read_text())


def state_of(fit):
    with np.load(fit.folder / "state.npz", allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


@pytest.fixture(scope="module", params=["time", "last"])
def made(request, data, tmp_path_factory):
    context = context_of(
        tmp_path_factory.mktemp("warm"),
        data,
        config(("popularity", WARM), split={"kind": request.param}),
    )
    return context, fit_all(context)


def test_each_fit_begins_from_the_one_before_it_and_its_key_says_so(made):
    context, fitted = made
    fits = [fitted.fits[fold.name]["neural"] for fold in folds_of(context)]
    earlier = [fit.folder.name for fit in fits[:-1]]
    assert [inputs_of(fit)["warm"] for fit in fits] == [None, *earlier]
    assert all(inputs_of(fit)["keep"] for fit in fits)
    assert [fit.notes.get("refit") for fit in fits] == [
        None, "warm, from label-2", "warm, from label-1", "warm, from verdict"
    ]  # fmt: skip
    steps = fits[0].notes["steps"]
    assert [inputs_of(fit)["steps"] for fit in fits] == [None, steps, steps, steps]
    assert all(steps / 4 <= fit.notes["steps"] <= steps for fit in fits[1:])
    assert fitted.reports[1].notes["refit"] == "warm, from verdict"
    cold = inputs_of(fitted.fits["verdict"]["popularity"])
    assert (cold["warm"], cold["keep"]) == (None, False)


def test_the_chain_is_what_fits_one_after_another_give(made):
    context, fitted = made
    state, steps = None, None
    for fold in folds_of(context):
        rng = np.random.default_rng(source_seed(context.config.seed, "neural"))
        fit_context = FitContext(rng=rng, max_steps=steps, warm=state, keep=True)
        model = Neural(build("neural", SETTINGS).config).fit(fold.known.trim_users(), fit_context)
        state, steps = model.state(), steps or model.notes["steps"]
        stored = state_of(fitted.fits[fold.name]["neural"])
        assert stored.keys() == state.keys()
        for name, values in state.items():
            assert np.array_equal(stored[name], values), (fold.name, name)


def test_another_store_gives_the_same_bits_under_the_same_keys(made, tmp_path):
    context, fitted = made
    again = fit_all(context_of(tmp_path, context.data, context.config)).fits
    for fold, fits in fitted.fits.items():
        assert again[fold]["neural"].key == fits["neural"].key
        one, two = state_of(fits["neural"]), state_of(again[fold]["neural"])
        assert all(np.array_equal(one[name], two[name]) for name in one)


def test_a_later_fit_is_refused(made):
    context, fitted = made
    settings, folds = context.config.sources[1], folds_of(context)
    for at, fold in enumerate(folds):
        for other in folds[at + 1 :]:
            assert is_earlier(fold.known, other.known)
            assert not is_earlier(other.known, fold.known)
            later = fitted.fits[other.name]["neural"]
            said = f"on {fold.name} may not begin from that on {other.name}, which knows"
            with pytest.raises(FusionError, match=said):
                fit_stage(settings, fold, context.config.seed, "cpu", 5, later)


def test_earlier_is_a_beginning_of_every_history(data):
    half = data.take(data.times < np.median(data.times))
    assert is_earlier(half, data)
    assert is_earlier(data, data)
    assert is_earlier(data.take(slice(0, 0)), half)
    some = np.random.default_rng(0).random(len(data)) < 0.9
    assert not is_earlier(data.take(some), data), "a share at random, as of a random split"
    swapped = half.items.copy()
    swapped[:2] = swapped[1::-1]
    assert not is_earlier(dataset_with(half, items=swapped), data)
    assert not is_earlier(dataset_with(half, times=half.times + 1), data)


def dataset_with(data, **changes):
    return Dataset(
        **{**{name: getattr(data, name) for name in Dataset.__dataclass_fields__}, **changes}
    )


@pytest.mark.parametrize("threads", [1, 4])
def test_order_holds_beside_other_work(data, tmp_path, threads):
    context = context_of(
        tmp_path,
        data,
        config(("popularity", "ease", {"name": "odd", "refit": "warm"}), threads=threads),
    )
    with broken.registered(odd=GoesOn):
        fits = fit_all(context).fits
    lengths = [len(fold.known) for fold in folds_of(context)]
    assert state_of(fits["serving"]["odd"])["events"].tolist() == lengths
    assert state_of(fits["label-1"]["odd"])["events"].tolist() == lengths[:2]


def test_a_chain_that_breaks_leaves_the_source_out_and_the_run_goes_on(data, tmp_path):
    with broken.registered(odd=StopsHalfway):
        trained = train(
            context_of(
                tmp_path, data, config(("popularity", "ease", {"name": "odd", "refit": "warm"}))
            )
        )
    assert status(trained) == {
        "popularity": "used",
        "ease": "used",
        "odd": "failed on verdict: RuntimeError: no way on",
    }


def test_fits_dropped_for_their_size_are_made_again_from_the_same_start(data, tmp_path):
    """A new serving fit asks for the verdict's, and that, gone, for those before it."""
    context = context_of(tmp_path, data, config(("popularity", WARM), artifacts={"keep_fit_mb": 0}))
    fitted = fit_all(context)
    fits, plan = fitted.fits, context.plan
    before = {fold: state_of(of_fold["neural"]) for fold, of_fold in fits.items()}
    evict(fits, plan.serving, 0)
    shutil.rmtree(fits["serving"]["neural"].folder)
    assert not [
        fold for fold, of_fold in fits.items() if (of_fold["neural"].folder / "state.npz").exists()
    ]
    again = fit_all(context).fits
    assert folders(again) == folders(fits)
    assert_same({fold: state_of(of_fold["neural"]) for fold, of_fold in fits.items()}, before)
    evict(fits, plan.serving, 0)
    load_sources(fitted.on(plan.verdict), context.runtime)
    remade = {fold: state_of(fits[fold]["neural"]) for fold in ("label-2", "label-1", "verdict")}
    assert_same(remade, {fold: before[fold] for fold in remade})


def test_a_kill_while_a_dropped_fit_is_made_again_leaves_no_half_of_it(data, tmp_path, monkeypatch):
    context = context_of(tmp_path, data, config(("popularity",), artifacts={"keep_fit_mb": 0}))
    fitted = fit_all(context)
    verdict = fitted.on(context.plan.verdict)
    evict(fitted.fits, context.plan.serving, 0)

    def killed(folder, **more):
        (folder / "inputs.json").unlink()
        raise KeyboardInterrupt

    monkeypatch.setattr("fusion.runs.cleanup.shutil.rmtree", killed)
    with pytest.raises(KeyboardInterrupt):
        load_sources(verdict, context.runtime)
    monkeypatch.undo()
    again = fit_all(context)
    assert folders(again.fits) == folders(fitted.fits)
    assert load_sources(verdict, context.runtime)[0].name == "popularity"


def assert_same(states, wanted):
    assert states.keys() == wanted.keys()
    for fold, state in states.items():
        assert state.keys() == wanted[fold].keys()
        assert all(np.array_equal(values, wanted[fold][name]) for name, values in state.items()), (
            fold
        )


def test_at_random_no_fold_is_earlier_so_every_fit_begins_from_nothing(tmp_path, caplog):
    timeless = dataset(
        synthetic_interactions(seed=3, n_users=80, n_items=160).drop("time"), item_frame(160)
    )
    fitted = fit_all(context_of(tmp_path, timeless, config(("popularity", WARM))))
    said = "fold, since no fold of a random split is earlier than another"
    assert fitted.reports[1].notes["refit"] == said
    assert fitted.reports[1].notes["steps"] > 0
    assert said in caplog.text
    plain = fit_all(
        context_of(tmp_path, timeless, config(("popularity", {**WARM, "refit": "fold"})))
    )
    assert folders(plain.fits) == folders(fitted.fits), "the same fits, under the same keys"


def test_a_source_that_cannot_go_on_is_refused(data, tmp_path):
    settings = config(("popularity", {"name": "als", "refit": "warm"}))
    said = (
        "source 'als': recommender 'als' cannot begin from an earlier fit.*"
        "take refit = 'warm': neural"
    )
    with pytest.raises(ConfigError, match=said):
        train(context_of(tmp_path, data, settings))
    with pytest.raises(ConfigError, match=said):
        build_source(settings.sources[1])
