"""A package's source asked in its process: same bits where it behaves, its own failure else."""

import os
import signal
import threading
from contextvars import Context
from dataclasses import fields, replace

import numpy as np
import pytest

from fusion.config import SplitSettings
from fusion.core.parallel import BlockBudget, BoundedPool, Stopped
from fusion.data.dataset import Dataset
from fusion.data.histories import UserHistories
from fusion.data.splitting.folds import plan_folds
from fusion.errors import (
    ConfigError,
    FusionError,
    SourceFailed,
    UnknownName,
    UnusableSource,
)
from fusion.isolation.failure import Limits, WorkFailed
from fusion.models.base import registry
from fusion.models.base.allowed import Allowed
from fusion.models.base.fit_context import FitContext
from fusion.models.base.fitted import FittedSource, fit
from fusion.models.base.recommender import Recommender
from fusion.models.base.registry import offered
from fusion.models.foreign import files
from fusion.models.foreign.description import SourceDescription
from fusion.models.foreign.processes import foreign_sources
from fusion.models.foreign.resolve import model_code, source_model
from fusion.models.foreign.source import ForeignSource
from fusion.ranking.candidates import candidate_blocks
from fusion.runs.stages.store import Store
from fusion.testing.data import mixed_data, random_pairs, users_now
from fusion.training.elsewhere.session import FOREIGN
from tests.fusion.hostile import installing
from tests.fusion.hostile.sources import Fine

BAD_LISTS = {
    "ListsOtherShapes": "ValueError: top gave items (24, 6) and scores (24, 6), not (24, 5)",
    "ListsWhatIsForbidden": "ValueError: top gave items that may not be listed",
    "ListsTexts": "AttributeError: 'str' object has no attribute 'items'",
    "CrashesInScoring": "its process was ended by SIGABRT",
    "ExitsInScoring": "it called sys.exit(0)",
}
BROKEN = {
    "none_such.module:Class": "cannot be imported: ModuleNotFoundError",
    "sources:NeedsWhatNobodyHas": "cannot be used: unknown need of source",
    "sources:DescribesNothing": "cannot be asked what it is: TypeError: 'NoneType'",
    "exits_at_import:Class": "cannot be asked what it is: it called sys.exit(0)",
    "crashes_at_import:Class": "cannot be asked what it is: its process was ended by SIGABRT",
}


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """An installed package with all of these sources, by their names in lower case."""
    with pytest.MonkeyPatch.context() as patch:
        good = ("Fine", "NotesItsContext", "HangsInScoring")
        values = [f"sources:{name}" for name in (*good, "ScoresTooFew", *BAD_LISTS)]
        names = {value.partition(":")[2].lower(): value for value in values}
        broken = {f"broken{number}": value for number, value in enumerate(BROKEN)}
        installing.offer(
            tmp_path_factory.mktemp("site"),
            patch,
            **names,
            **broken,
            hangs="sources:HangsInFit",
            popularity="sources:Fine",
        )
        yield
    offered.cache_clear()


@pytest.fixture(scope="module")
def processes(packages):
    with foreign_sources(Limits(seconds=300, memory=2)):
        yield


@pytest.fixture(scope="module")
def data() -> Dataset:
    return mixed_data()


def fitted(name: str, data: Dataset) -> FittedSource:
    return fit(name, source_model(name), data, 10, FitContext(rng=np.random.default_rng(5)))


def test_nothing_that_a_source_has_or_is_given_is_forgotten():
    """A new field or method has to reach the other process too."""
    assert {field.name for field in fields(UserHistories)} == {*files.HISTORIES, "n_items"}
    of_context = "rng device threads max_steps seconds warm keep cache progress"
    assert {field.name for field in fields(FitContext)} == {*of_context.split()}
    methods = {name for name in vars(Recommender) if callable(getattr(Recommender, name))}
    public = {name for name in methods if not name.startswith("_")}
    # A package of others says in its own metadata what it needs, and names no extra of ours.
    assert public - {"required_extra"} <= {*vars(ForeignSource)}
    declared = {name for name in Recommender.__annotations__ if name not in ("Config", "config")}
    assert declared - {"block_bytes", "extra"} <= {*SourceDescription.model_fields}


def test_it_declares_what_its_class_declares(processes):
    there, here = source_model("fine", {"others": 0.5}), Fine(Fine.Config(others=0.5))
    assert type(there) is not Fine
    assert there.config.model_dump(mode="json") == here.config.model_dump(mode="json")
    for name, info in Fine.Config.model_fields.items():
        field = there.Config.model_fields[name]
        assert field.json_schema_extra == info.json_schema_extra
        assert (field.annotation is int) == (info.annotation is int)
    assert (there.reason_text, there.proposes, there.slow) == ("it is fine", True, False)
    assert there.required() == here.required()
    assert there.memory_bytes(1, 1000, 1) == 8000
    assert there.fit_cost(10, 10, 1000) == here.fit_cost(10, 10, 1000)
    assert model_code(there) == registry.source_code(Fine)


def test_fits_and_answers_are_the_same_bits_as_in_process(processes, data):
    there = fitted("fine", data)
    here = fit("fine", Fine(), data, 10, FitContext(rng=np.random.default_rng(5)))
    restored = replace(
        there, model=type(there.model).restore(there.model.config, there.model.state())
    )
    users, pairs = users_now(data), random_pairs(users_now(data))
    allowed = Allowed(np.random.default_rng(1).random(data.n_items) < 0.8)
    assert there.model.notes == here.model.notes
    assert there.model.state().keys() == here.model.state().keys()
    for source in (there, restored):
        top, expected = source.top(users, 5, allowed), here.top(users, 5, allowed)
        np.testing.assert_array_equal(top.items, expected.items)
        np.testing.assert_array_equal(top.scores, expected.scores)
        for ask in ("score_pairs", "history_similarity", "predict_ratings"):
            answers = getattr(source, ask)(users, pairs)
            np.testing.assert_array_equal(answers, getattr(here, ask)(users, pairs))
        known = users.trim_items(here.n_items)
        np.testing.assert_array_equal(source.model.scores(known), here.model.scores(known))


def test_progress_of_a_fit_is_heard(processes, data):
    heard = []
    context = FitContext(progress=lambda done, total: heard.append((done, total)))
    fit("fine", source_model("fine"), data, 10, context)
    assert (1, 2) in heard


def test_all_of_the_context_of_a_fit_arrives(processes, data, tmp_path):
    plain = {"device": "cuda", "threads": 3, "max_steps": 7, "seconds": 1.5, "keep": True}
    model = source_model("notesitscontext")
    assert (model.supports_warm_start, model.slow) == (True, True)
    warm = {"shares": np.array([0.5, 0.25])}
    notes = model.fit(data, FitContext(warm=warm, cache=tmp_path, **plain)).notes
    assert notes == {**plain, "cache": str(tmp_path), "warm": [0.5, 0.25]}
    assert source_model("notesitscontext").fit(data, FitContext()).notes["warm"] == []


def test_a_run_that_is_stopped_ends_a_fit_that_hangs(processes, data):
    """It would hold the pool up for the five minutes that a call may take."""
    model, is_under_way = source_model("hangs"), threading.Event()

    def progress(done, total):
        if (done, total) == (5, 9):
            is_under_way.set()

    pool = BoundedPool(threads=1, memory=1)
    context = FitContext(progress=pool.stoppable(progress))
    fitting = pool.submit(0.1, lambda: model.fit(data, context))
    is_under_way.wait()
    pool.close(stop=True)
    with pytest.raises(Stopped):
        fitting.result()
    assert model.process._process._worker is None


@pytest.fixture
def interruptible():
    """Ctrl+C raises, also where the tests run in the background of a shell, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_person_who_interrupts_scoring_waits_for_no_source(processes, data, interruptible):
    fold = plan_folds(data, SplitSettings(kind="random")).verdict
    source = fit("hangsinscoring", source_model("hangsinscoring"), fold.known, 5, FitContext())
    n_started = source.model.process._process.n_started
    allowed = Allowed(np.ones(data.n_items, bool))
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        next(candidate_blocks([source], fold, fold.label_rows, allowed, BlockBudget(2**20, 1)))
    source.model.process.close()
    assert source.model.process._process.n_started == n_started


@pytest.mark.parametrize(("bad", "says"), BAD_LISTS.items())
def test_lists_that_are_none_are_the_failure_of_the_source(processes, data, bad, says):
    source = fitted(bad.lower(), data)
    with pytest.raises(SourceFailed) as caught:
        source.top(users_now(data), 5, Allowed(np.arange(data.n_items) > 2))
    assert caught.value.why.startswith(says)


def test_a_wrong_number_of_scores_is_the_failure_of_the_source(processes, data):
    users = users_now(data)
    with pytest.raises(SourceFailed, match=r"ValueError: gave float32 \(\d+,\) for \d+ pairs"):
        fitted("scorestoofew", data).score_pairs(users, random_pairs(users))


@pytest.mark.parametrize("number", range(len(BROKEN)))
def test_a_package_that_is_broken_is_named_with_what_happened(processes, number):
    value, says = [*BROKEN.items()][number]
    with pytest.raises(UnusableSource) as caught:
        source_model(f"broken{number}")
    message = str(caught.value)
    assert f"source 'broken{number}', which an installed package offers as" in message
    assert value in message
    assert says in message
    assert message.endswith("Mend the package, or uninstall it.")


def test_a_fit_that_hangs_is_ended_and_the_setting_named(processes, data):
    model = source_model("hangs")
    model.process._process.limits = Limits(seconds=1, memory=2)
    with pytest.raises(WorkFailed, match=r"1 seconds; a higher \[limits\] source_seconds would"):
        model.fit(data, FitContext())


def test_settings_are_checked_where_the_class_is(processes):
    said = (
        r"settings of recommender 'fine': others: .*greater than or equal to 0.* It takes: others\."
    )
    with pytest.raises(ConfigError, match=said):
        source_model("fine", {"others": -1})
    with pytest.raises(ConfigError, match=r"'fine': .* has no form in a file\. It is asked"):
        source_model("fine", {"others": object()})


def test_an_unknown_name_is_refused_beside_those_that_packages_offer(processes):
    with pytest.raises(UnknownName, match=r"'fin'\. Did you mean 'fine'\?.*popularity"):
        source_model("fin")


def test_no_package_takes_a_name_of_ours(processes):
    assert type(source_model("popularity")).__module__ == "fusion.models.popularity"


def test_outside_of_a_block_nothing_is_started(packages):
    with pytest.raises(FusionError, match="outside of `foreign_sources`"):
        Context().run(source_model, "fine")


def test_nothing_of_what_is_handed_over_is_left(packages, data, tmp_path):
    with foreign_sources(Limits(seconds=300, memory=2), tmp_path):
        source = fitted("fine", data)
        source.top(users_now(data), 5, Allowed(np.ones(data.n_items, bool)))
        [folder] = [place for place in tmp_path.iterdir() if place.is_dir()]
        assert folder.name.startswith(".")
        assert [file.name for file in folder.rglob("*") if file.is_file()] == ["state.npz"]
    assert [*tmp_path.iterdir()] == []


def test_what_a_killed_training_left_is_swept(tmp_path):
    left = tmp_path / FOREIGN / ".handed.d0123456789ab"
    (left / "tmp1").mkdir(parents=True)
    assert Store(tmp_path).sweep() == 1
    assert not left.exists()


def test_packages_are_looked_for_once_a_process(packages, tmp_path, monkeypatch):
    before = offered()
    installing.plant(tmp_path, latecomer="sources:Fine")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert offered() is before
    offered.cache_clear()
    assert "latecomer" in offered()
    offered.cache_clear()
