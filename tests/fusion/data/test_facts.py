"""Facts as arrays: every fact stands with its item, and equal words of two relations are two."""

from dataclasses import replace

import numpy as np
import polars as pl

from fusion.data.facts import ALWAYS, SCHEMA, ItemFacts
from fusion.testing.data import mixed_data

ROWS = [(0, "actor", "Lee", None), (0, "director", "Lee", 5), (2, "actor", "Lee", 7)]


def facts(rows=ROWS) -> ItemFacts:
    return ItemFacts(pl.DataFrame(rows, schema=SCHEMA, orient="row"), ("actor", "director"))


def test_the_arrays_hold_every_fact():
    index = facts().index(4)
    assert index.borders.tolist() == [0, 2, 2, 3, 3]
    assert index.items.tolist() == [0, 0, 2]
    assert index.values.tolist() == [0, 1, 0]
    assert index.moments.tolist() == [ALWAYS, 5, 7]
    assert index.relations.tolist() == [0, 1]
    assert ItemFacts().index(3).borders.tolist() == [0, 0, 0, 0]


def test_a_moment_is_before_what_counts_from_it():
    assert len(facts().before(5)) == 1
    assert len(facts().before(6)) == 2
    assert len(facts().before(8)) == 3
    assert len(facts().head(2)) == 2


def test_the_digest_knows_every_part():
    data = mixed_data()
    one = np.ones((30, 2), np.float32)
    digests = {
        data.digest,
        replace(data, vectors={"a": one}).digest,
        replace(data, vectors={"b": one}).digest,
        replace(data, vectors={"a": 2 * one}).digest,
        replace(data, facts=facts()).digest,
        replace(data, facts=facts(ROWS[1:])).digest,
        replace(data, facts=replace(facts(), relations=("director", "actor"))).digest,
    }
    assert len(digests) == 7
