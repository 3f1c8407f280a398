"""What became of earlier promises, as the next training reads it."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from flows.steps.train.realised_pairs import realised_pairs
from storage.connect import connect, make_database
from storage.database.settings import StorageSettings
from storage.watches.realised import RealisedRow, add_realised
from storage.watches.watches import add_watch
from tests.storage.making import begin, end

FIRST = datetime(2026, 1, 5, tzinfo=UTC)
WEEKS = 9


@pytest.fixture
def session(tmp_path):
    """A placement with nine weekly runs, whose promises of .2 were realised as .1."""
    settings = StorageSettings(url=f"sqlite:///{tmp_path / 'runs.db'}")
    make_database(settings)
    engine = connect(settings)
    promise = {"horizon": "window", "days": 7, "name": "ndcg", "k": 10, "value": 0.2}
    numbers = []
    for week in range(WEEKS):
        run_no = begin(engine, f"week{week}", as_of=FIRST + timedelta(days=7 * week))
        end(engine, run_no, verdict={"promise": [promise]})
        numbers.append(run_no)
    watch_no = add_watch(engine, "default", as_of=FIRST, run_no=None, layout={}, facts={}, at=FIRST)
    figures = ("window", "all", "ndcg", 10, 0.1, 0.0, 0.2, 40)
    add_realised(engine, watch_no, [RealisedRow(no, *figures, is_early=False) for no in numbers])
    return SimpleNamespace(engine=engine, placement="default")


def ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def test_a_training_reads_what_was_promised_and_realised(session):
    plan = SimpleNamespace(window=7)
    pairs = realised_pairs(session, plan, ms(FIRST + timedelta(days=7 * WEEKS)))
    assert pairs == {("window", "ndcg", 10): [(0.2, 0.1)] * WEEKS}


def test_a_run_as_of_a_past_date_knows_what_had_closed(session):
    plan = SimpleNamespace(window=7)
    pairs = realised_pairs(session, plan, ms(FIRST + timedelta(days=20)))
    assert pairs == {("window", "ndcg", 10): [(0.2, 0.1)] * 2}


def test_another_window_or_split_reads_nothing(session):
    later = ms(FIRST + timedelta(days=400))
    assert realised_pairs(session, SimpleNamespace(window=14), later) == {}
    assert realised_pairs(session, SimpleNamespace(window=None), later) == {}
