import pickle

from fusion.errors import ConfigError, DataError, stored_text

FAILURE = DataError("2 rows with null", examples=[{"user_id": "7", "item_id": None}])


def test_examples_are_shown_and_not_stored():
    assert str(FAILURE) == "2 rows with null, e.g. [('7', None)]"
    assert stored_text(FAILURE) == "DataError: 2 rows with null"


def test_failures_without_examples_are_stored_as_they_are_shown():
    assert stored_text(DataError("no rows")) == "DataError: no rows"
    assert stored_text(ConfigError("no such key")) == "ConfigError: no such key"


def test_examples_survive_a_process():
    copy = pickle.loads(pickle.dumps(FAILURE))
    assert (str(copy), copy.examples) == (str(FAILURE), FAILURE.examples)
