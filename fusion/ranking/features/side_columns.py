"""Columns made of what a shop knows: of vectors, of large relations, and of its rules of thumb.

Which columns there are follows from the dataset's vectors, relations and priors, and is the same
for all of its folds.
"""

import re
from functools import partial

import numpy as np
from scipy.sparse import csr_array

from fusion.core.arrays import Scores, blocks, normalize_rows
from fusion.data.dataset import Dataset
from fusion.data.facts import LARGE_RELATIONS
from fusion.ranking.features.registry import RECENT_EVENTS, Feature, FeatureBlock, feature_family

LONGEST_NAME = 40
"""Letters of a relation that stand in the name of its column."""
CHUNK_ROWS = 65_536
"""Candidates whose vectors are compared together."""
ALIKE = "it is like what they took last"
SAME_FACTS = "it has facts in common with what they took last"
SAME = "same {relation} as what they took last"
PRIOR = "of what they took, by the prior {prior}"


@feature_family
def vector_columns(data: Dataset) -> list[Feature]:
    """Declare a column for each vectors of the data.

    Args:
        data: with vectors perhaps.

    Returns:
        Cosines of candidates with the mean of the user's newest items.
    """
    return [
        Feature(
            name=f"vectors_{name}_cosine",
            meaning=f"cosine of the item's {name} with the mean of the newest ten items'",
            needs=frozenset({"vectors"}),
            compute=partial(_cosine, name),
            reason_text=ALIKE,
        )
        for name in data.vectors
    ]


def _cosine(name: str, block: FeatureBlock) -> Scores:
    """Cosine (C,) of each candidate with the mean of its user's newest items; NaN without one."""
    vectors = block.statistics.data.vectors[name]
    recent = block.candidates.users.last(RECENT_EVENTS)
    ones = np.ones(len(recent.items), np.float32)
    events = csr_array((ones, recent.items, recent.borders), shape=(len(recent), len(vectors)))
    # Row by row, each in the order of its events: no sum depends on who else is in the block.
    means = normalize_rows(events @ vectors)
    cosines = np.empty(len(block.items), np.float32)
    for rows in blocks(len(cosines), CHUNK_ROWS):
        items, owners = vectors[block.items[rows]], means[block.owners[rows]]
        cosines[rows] = np.einsum("ij,ij->i", items, owners)
        is_missing = ~items.any(axis=1) | ~owners.any(axis=1)
        cosines[rows][is_missing] = np.nan
    return cosines


@feature_family
def fact_columns(data: Dataset) -> list[Feature]:
    """Declare the columns of facts.

    Args:
        data: with facts perhaps.

    Returns:
        How many facts are shared with the newest items, how much in all, and how much of each of
        the largest relations.
    """
    if not data.facts.relations:
        return []
    needs = frozenset({"facts"})
    columns = [
        Feature(
            "facts_count",
            "facts that the item has in common with any of the newest ten",
            needs,
            lambda block: block.shared_facts.counts,
            SAME_FACTS,
        ),
        Feature(
            "facts_weight",
            "the same, each by its rarity and by how many of the ten have it",
            needs,
            lambda block: block.shared_facts.by_relation.sum(axis=1),
            SAME_FACTS,
        ),
    ]
    for place, name in enumerate(relation_columns(data)):
        relation = data.facts.relations[place]
        columns.append(
            Feature(
                name,
                f"the same of {relation} alone",
                needs,
                partial(_of_relation, place),
                SAME.format(relation=relation),
            )
        )
    return columns


def _of_relation(place: int, block: FeatureBlock) -> Scores:
    return block.shared_facts.by_relation[:, place]


def relation_columns(data: Dataset) -> list[str]:
    """Name the columns of the largest relations.

    Args:
        data: with facts perhaps.

    Returns:
        A name for each, in the order of the relations; each name once.
    """
    names: list[str] = []
    for place, relation in enumerate(data.facts.relations[:LARGE_RELATIONS]):
        # LightGBM takes no name with marks of JSON.
        word = re.sub(r"\W+", "_", relation.lower()).strip("_")[:LONGEST_NAME]
        name = f"facts_{word}_weight" if word else f"facts_{place}_weight"
        is_taken = name in (*names, "facts_weight")
        names.append(f"facts_{word}_{place}_weight" if is_taken else name)
    return names


@feature_family
def prior_columns(data: Dataset) -> list[Feature]:
    """Declare a column for each prior.

    Args:
        data: with priors perhaps.

    Returns:
        Shares of the history that make a user one whom the prior is about.
    """
    return [
        Feature(
            name=prior_column(prior.name),
            meaning="share of the history that the prior names, of items that it is about; else 0",
            needs=frozenset(),
            compute=partial(_share_concerned, place),
            reason_text=PRIOR.format(prior=prior.name),
        )
        for place, prior in enumerate(data.priors)
    ]


def prior_column(name: str) -> str:
    """Return the name of a prior's column, which is that of no source's.

    Args:
        name: of the prior.
    """
    return f"prior_{name}_share"


def is_prior_column(name: str) -> bool:
    """Tell the column of a prior from all others.

    Args:
        name: of a column.
    """
    return re.fullmatch(prior_column(r"\w+"), name) is not None


def _share_concerned(place: int, block: FeatureBlock) -> Scores:
    """Share (C,) of each candidate's user's history, 0 for items that the prior is not about."""
    prior = block.statistics.data.priors[place]
    shares = block.mean_of_history(prior.in_history.astype(np.float32))
    # Whoever has no history yet has not taken what the prior names.
    return np.where(prior.concerned[block.items], np.nan_to_num(shares), 0).astype(np.float32)
