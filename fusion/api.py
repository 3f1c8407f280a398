"""The core from Python: data in, fused recommenders out, without a database or orchestrator."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import polars as pl

from fusion.config import CoreConfig
from fusion.core.progress import Progress, no_progress
from fusion.core.torch_runtime import device_for
from fusion.data.catalogue import Catalogue
from fusion.data.dataset import Dataset
from fusion.data.splitting.folds import plan_folds
from fusion.errors import ConfigError
from fusion.ingest.formats.files import FRAME
from fusion.ingest.load import load
from fusion.ingest.settings import DataSettings
from fusion.lists.business_rules.blocked import NO_BLOCKS
from fusion.lists.business_rules.resolve_priors import with_priors
from fusion.lists.business_rules.resolve_rules import usable
from fusion.lists.business_rules.rules import RuleSet
from fusion.lists.stored_lists import DEFAULT_PLACES, stored_lists
from fusion.on_request.choose_questions import choose_questions
from fusion.on_request.count_co_likes import count_co_likes
from fusion.on_request.loaded_run import LoadedRun
from fusion.runs.context import RunContext
from fusion.runs.manifest import DataSummary, Manifest, moment
from fusion.runs.run_folder import ListsFolder
from fusion.training.pipeline import Trained, train
from fusion.training.run_manifest import liked_weight, serving_fits


def from_frames(
    interactions: pl.DataFrame,
    items: pl.DataFrame | None = None,
    users: pl.DataFrame | None = None,
    settings: Mapping[str, Any] | None = None,
    facts: pl.DataFrame | None = None,
    queries: pl.DataFrame | None = None,
) -> Dataset:
    """Make a dataset of frames, checked and cleaned as files are.

    Args:
        interactions: one row an interaction.
        items: one row an item; None where nothing is known of items.
        users: one row a user; None where nothing is known of users.
        settings: those of `[data]` in the configuration, such as
            `{"columns": {"user": "userId", "time": "ts"}}`.
        facts: one row a fact about an item; None where there are none.
        queries: one row a search or review of a user; None where there are none.

    Raises:
        DataError: a finding has severity error; the message lists all of those.
        ValidationError: settings are wrong (pydantic).
    """
    tables = {"interactions": interactions, "items": items, "users": users}
    tables |= {"facts": facts, "queries": queries}
    frames = {name: frame for name, frame in tables.items() if frame is not None}
    # A frame takes the place of a table in SQL, whose query is its name.
    places = {name: {"url": FRAME, "query": name} for name in frames}
    wanted = DataSettings(**{**(settings or {}), **places})
    return load(wanted, Path(), None, lambda _, name: frames[name]).dataset


@dataclass(frozen=True)
class Fused:
    """A finished training.

    Attributes:
        data: what it was trained on.
        trained: everything that it made; lists are Parquet files in `trained.lists`.
        config: what decided the training.
    """

    data: Dataset
    trained: Trained
    config: CoreConfig

    @property
    def verdict(self) -> dict[str, Any]:
        """The verdict as the manifest holds it: `chosen`, `rows`, `difference`, `reported`, ..."""
        return self.trained.verdict.report.model_dump(mode="json")

    @property
    def admitted(self) -> bool:
        """True where every check of admission holds."""
        return self.trained.admitted

    @cached_property
    def on_request(self) -> LoadedRun:
        """The training, loaded to answer for somebody new."""
        data, rules = self.data, self.trained.rules
        manifest = Manifest(
            as_of=moment(data.as_of).isoformat() if data.has_times else None,
            data=DataSummary(liked_weight=liked_weight(data)),
            fits=serving_fits(self.trained),
        )
        catalogue = Catalogue.of(data, rules.open_items() if rules else None)
        # Lists are a stage, `<store>/lists/<key>`.
        store = self.trained.lists.parents[1]
        questions = partial(choose_questions, data, self.config.seed)
        co_likes = partial(count_co_likes, data, self.config.seed)
        return LoadedRun(data.item_ids, catalogue, manifest, store, questions, co_likes)


def fit_fusion(
    data: Dataset,
    config: CoreConfig | None = None,
    root: Path | None = None,
    progress: Callable[[str], Progress] = no_progress,
    rules: RuleSet | None = None,
) -> Fused:
    """Train the sources, fuse them, judge all on the verdict fold and make every user's list.

    Args:
        data: what to train on.
        config: what decides the training; None takes all defaults.
        root: folder of the store of stages, which later calls reuse; None makes a temporary one.
        progress: gives the progress of a named piece of work.
        rules: that lists follow, as `read_rules` returns them.

    Returns:
        The training, also one that is not admitted: look at `admitted`.

    Raises:
        ConfigError: the configuration asks for what cannot be.
        DataError: the data cannot be trained on.
    """
    config = config or CoreConfig()
    data, _ = with_priors(data, config.priors)
    plan = plan_folds(data, config.split, seen=not config.lists.exclude_seen, seed=config.seed)
    folder = root or Path(mkdtemp(prefix="fusion-"))
    usable_rules, _ = usable(rules or RuleSet(), data, NO_BLOCKS, config.lists.size)
    context = RunContext(config, data, plan, folder, device_for(config.device), progress=progress)
    return Fused(data, train(context, rules=usable_rules), config)


def recommend(
    trained: Fused | LoadedRun,
    users: Sequence[str] | None = None,
    k: int | None = None,
    *,
    items: Sequence[str] = (),
    text: str = "",
    answers: Mapping[str, bool | None] | None = None,
) -> pl.DataFrame:
    """Return the lists of some users, or a list for somebody new, by what they said.

    Users without a list get the fallback. As in SQL it is that of their segment, and that of all
    where the segment has none.

    Args:
        trained: a finished training, or a run that `load_run` loaded.
        users: outside ids of users that the training knows; of a finished training only.
        k: places of a list. Of users at most size + reserve of `[lists]`, which is what a training
            stores; None: 10, or what is stored where that is less. A list is shorter only where
            nothing else may be shown.
        items: outside ids of items that somebody new likes, the newest last.
        text: a sentence that says what somebody would like, in a language that the encoder reads.
        answers: to questions of `ask`: outside id of the item -> whether somebody new likes it;
            None where they do not know it.

    Returns:
        Of users: user_id, rank from 1, item_id, score; in the order given, each by rank. Of items:
        rank, item_id, score, and source, which ranks the item best. Of a text or answers: the first
        three.

    Raises:
        UnknownName: an id that the data does not hold.
        ConfigError: not exactly one of users, items, text and answers; or the training stored fewer
            than k places.
        DataError: the fits that serve are gone, or no item has words to compare a text with.
    """
    given = (users is not None, bool(items), bool(text), answers is not None)
    if sum(given) != 1:
        raise ConfigError("recommend takes users, items, a text or answers: exactly one of them")
    places = DEFAULT_PLACES if k is None else k
    if items:
        return _loaded(trained).by_items(items, places)
    if text:
        return _loaded(trained).by_text(text, places)
    if answers is not None:
        return _loaded(trained).by_answers(answers, places)
    assert users is not None
    if isinstance(trained, LoadedRun):
        raise ConfigError(
            "a loaded run answers for items, texts and answers; lists of users stand in SQL: "
            "`recommendations_for` of `storage` reads them"
        )
    files, lists = ListsFolder(trained.trained.lists), trained.config.lists
    return stored_lists(files, trained.data, trained.trained.rules, lists, users, k)


def ask(trained: Fused | LoadedRun, n: int | None = None) -> pl.DataFrame:
    """Return the items whose answers tell most of somebody new: "do you like this?".

    Args:
        trained: a finished training, or a run that `load_run` loaded.
        n: questions; None: 8, or all where there are fewer.

    Returns:
        place from 1, item_id, title, categories, liked_by (share of users who like the item),
        explained (share of the variance of all likes that the answers so far explain).

    Raises:
        ConfigError: n is not from 1 to the number of questions that the run has.
        DataError: it has none.
    """
    return _loaded(trained).ask(n)


def _loaded(trained: Fused | LoadedRun) -> LoadedRun:
    """Return what answers requests; a training is loaded once."""
    return trained if isinstance(trained, LoadedRun) else trained.on_request
