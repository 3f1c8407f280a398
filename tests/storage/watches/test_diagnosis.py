"""Causes of a run: one set a run, replaced whole, gone with the run."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from storage.runs.partitions import remove_lists
from storage.runs.retention import delete_run
from storage.schema.watch_tables import diagnosis
from storage.watches.diagnosis import DiagnosisRow, diagnosis_of, replace_diagnosis
from tests.storage.making import begin, end

FIRST = DiagnosisRow(
    rank=1,
    kind="candidates",
    subject="source ease",
    severity="alarm",
    code="source_silent",
    sentence="Source ease proposes nothing to 100.0% of the users.",
    parameters={"source": "ease", "share": 1.0},
    evidence=[{"subject": "source ease", "name": "silent", "value": 0.1 + 0.2, "before": None}],
)
SECOND = replace(FIRST, rank=2, kind="ranker", subject="ranker", code="ranker_fell")


@pytest.fixture
def numbers(engine):
    """Two runs."""
    made = [begin(engine, "a"), begin(engine, "b")]
    for run_no in made:
        end(engine, run_no)
    return made


def test_causes_come_back_in_their_order_and_are_replaced_whole(engine, numbers):
    one, other = numbers
    assert diagnosis_of(engine, one) == []
    replace_diagnosis(engine, one, [SECOND, FIRST])
    replace_diagnosis(engine, other, [FIRST])
    assert diagnosis_of(engine, one) == [FIRST, SECOND]
    replace_diagnosis(engine, one, [replace(SECOND, rank=1)])
    assert diagnosis_of(engine, one) == [replace(SECOND, rank=1)]
    assert diagnosis_of(engine, other) == [FIRST]


def test_secrets_in_a_sentence_are_masked(engine, numbers):
    said = "It failed at postgresql://ann:hunter2@host/shop."
    replace_diagnosis(engine, numbers[0], [replace(FIRST, sentence=said)])
    [stored] = diagnosis_of(engine, numbers[0])
    assert "hunter2" not in stored.sentence


def test_they_go_with_their_run(engine, numbers):
    pruned, kept = numbers
    for run_no in numbers:
        replace_diagnosis(engine, run_no, [FIRST])
    assert delete_run(engine, pruned)
    assert diagnosis_of(engine, pruned) == []
    remove_lists(engine, kept, with_metrics=False)
    assert diagnosis_of(engine, kept) == [FIRST]
    remove_lists(engine, kept)
    with engine.connect() as connection:
        assert connection.execute(select(diagnosis)).all() == []
