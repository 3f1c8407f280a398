"""Lists of users with a history, block by block, and what is kept beside them."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fusion.data.on_disk.growing_file import GrowingFile
from fusion.lists.builder import ListBuilder
from fusion.lists.candidate_blocks import CandidateBlock
from fusion.lists.explain import Explainer
from fusion.lists.fact_words import FactWords
from fusion.lists.first_places import PlacesCollector
from fusion.lists.list_file import list_rows
from fusion.lists.reasons import Reasons
from fusion.lists.samples import SampleCollector
from fusion.lists.stickiness import Stickiness
from fusion.models.base.fitted import FittedSource
from fusion.ranking.features.compute import features_of
from fusion.ranking.features.item_statistics import ItemStatistics
from fusion.ranking.method import BLEND, Method
from fusion.runs.context import RunContext
from fusion.runs.run_folder import ListsFolder


@dataclass(frozen=True)
class WarmLists:
    """Makes lists of users with a history, of all of them or of some.

    Attributes:
        method: how candidates are scored.
        builder: builds the lists of a block.
        sticky: raises the items of live lists.
        explainer: explains some of the lists.
        samples: keeps features and twin lists of some users.
        places: keeps first places of some users.
    """

    method: Method
    builder: ListBuilder
    sticky: Stickiness
    explainer: Explainer
    samples: SampleCollector
    places: PlacesCollector

    @property
    def restricted(self) -> bool:
        """Whether allow lists decide what are candidates."""
        rules = self.builder.rules
        return rules is not None and bool(rules.allow)

    def write(self, file: GrowingFile, blocks: Iterable[CandidateBlock]) -> Iterator[int]:
        """Write lists, and keep what belongs to them.

        Args:
            file: of the lists.
            blocks: candidates of users.

        Yields:
            How many users have their lists, after each block.
        """
        n_done = 0
        for block in blocks:
            candidates, columns = block.candidates, block.columns
            scores = self.sticky.raised(candidates, self.method.score(candidates, columns))
            lists = self.builder.build(block.allowed, candidates, scores, columns[BLEND])
            file.write(list_rows(lists, candidates))
            self.explainer.add(candidates, columns, lists, self.builder.marks(lists))
            self.places.add(block, scores, lists)
            self.samples.add_twins(block)
            if not self.restricted:
                self.samples.add_features(block)
            n_done += len(candidates.users)
            yield n_done

    @property
    def counts(self) -> dict[str, Any]:
        """Users explained, and rows that each rule moved."""
        return {"explained": self.explainer.explained, "moved": self.builder.moved}

    def write_kept(self, folder: ListsFolder) -> None:
        """Write what was kept beside the lists.

        Args:
            folder: that of the lists.
        """
        self.explainer.write(folder)
        self.places.write(folder)
        self.samples.write(folder)
        folder.notes.write_text(json.dumps(self.counts))

    def take(self, file: GrowingFile, part: ListsFolder) -> None:
        """Take the lists of some users, and what was kept beside them, as if made here.

        Args:
            file: of the lists.
            part: where another process wrote lists and `write_kept` the rest.
        """
        file.append(part.lists)
        counts = json.loads(part.notes.read_text())
        self.explainer.take(part, counts["explained"])
        self.places.take(part)
        self.samples.take(part)
        self.builder.moved.update(counts["moved"])


def make_explainer(
    context: RunContext,
    sources: Sequence[FittedSource],
    method: Method,
    n_users: int,
    statistics: ItemStatistics | None = None,
) -> Explainer:
    """Make what explains lists.

    Args:
        context: data, folds and settings.
        sources: fitted on the serving fold.
        method: how candidates are scored.
        n_users: how many get a list.
        statistics: of the items, over what is known; None computes them where they are needed.
    """
    settings = context.config.lists
    known = context.plan.serving.known
    reasons = Reasons.of(sources, features_of(known))
    return Explainer(
        reasons=reasons,
        ranker=method.ranker,
        seed=context.config.seed,
        budget=settings.why_rows,
        users=n_users,
        shown=settings.size,
        fact_words=FactWords.of(statistics or ItemStatistics(known), reasons.of_column),
    )
