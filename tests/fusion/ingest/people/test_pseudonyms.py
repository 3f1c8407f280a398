"""Pseudonyms stand for ids in all that is loaded, and only who holds the key can tell whose."""

import hashlib
import hmac

import polars as pl
import pytest

from fusion import pseudonym
from fusion.errors import ConfigError, DataError
from fusion.ingest.checks.registry import LiveIds
from fusion.ingest.load import inspect_data, load
from fusion.ingest.people.pseudonyms import KEY, Pseudonyms
from fusion.ingest.settings import DataSettings
from tests.fusion.ingest.planted import clean_rows

SECRET = "s" * 40
NO_ITEMS = pl.Series([], dtype=pl.String)


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv(KEY, SECRET)


def by_hand(user: str) -> str:
    """HMAC as RFC 2104 defines it, without the library's."""
    block = SECRET.encode().ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block) + user.encode()).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in block) + inner).hexdigest()[:32]


@pytest.mark.parametrize("user", ["7", "", "Zoë 💡", "key", "a" * 2000])
def test_a_pseudonym_is_the_first_half_of_the_hmac(user):
    assert pseudonym(user) == by_hand(user) == Pseudonyms(SECRET.encode()).of(user)


def test_columns_keep_their_order_and_their_holes():
    ids = pl.Series("user", ["b", None, "a", "b"])
    hashed = Pseudonyms(SECRET.encode()).of_all(ids)
    assert hashed.to_list() == [by_hand("b"), None, by_hand("a"), by_hand("b")]
    assert (hashed.name, len(Pseudonyms(SECRET.encode()).of_all(ids.head(0)))) == ("user", 0)


def test_each_distinct_id_is_hashed_once(monkeypatch):
    hashed = []
    digest = hmac.digest

    def noted(key, message, name):
        hashed.append(message)
        return digest(key, message, name)

    monkeypatch.setattr(hmac, "digest", noted)
    Pseudonyms(SECRET.encode()).of_all(pl.Series(["a", "b"] * 500))
    assert sorted(hashed) == [b"a", b"b"]


def test_the_dataset_is_the_same_under_other_ids(write, tmp_path):
    """The users' table, its features, and who opted out or was forgotten too."""
    table = [{"user": f"{user}", "club": f"c{user % 3}"} for user in range(1, 101)]
    (tmp_path / "out.txt").write_text("8\n")
    about = {"users": table, "user_features": {"category": ["club"]}, "opt_out": "out.txt"}
    forgotten = {"left_out": lambda ids: ids == "7"}
    plain = load(write(clean_rows(), **about), tmp_path, **forgotten)
    hashed = load(write(clean_rows(), pseudonyms=True, **about), tmp_path, **forgotten)
    ids = plain.dataset.user_ids.values
    assert hashed.dataset.user_ids.values.to_list() == [by_hand(user) for user in ids]
    assert (hashed.dataset.users == plain.dataset.users).all()
    assert hashed.dataset.user_table.equals(plain.dataset.user_table)
    assert hashed.notes == plain.notes
    assert (plain.key_mark, hashed.key_mark) == (None, Pseudonyms(SECRET.encode()).mark)
    assert hashed.dataset.digest != plain.dataset.digest


def test_findings_about_rows_show_pseudonyms(write, tmp_path):
    rows = [*clean_rows(), {"user": "77", "item": "1", "time": "yesterday", "weight": "3"}]
    found = inspect_data(write(rows, pseudonyms=True), tmp_path).findings
    shown = [example["user"] for one in found for example in one.examples if "user" in example]
    assert shown == [by_hand("77")]


def test_how_ids_are_written_is_still_checked(write, tmp_path):
    """The hash of a word for nothing looks like any other."""
    rows = [*clean_rows(), *({**clean_rows()[0], "user": user} for user in ("NULL", "A b", "ab"))]
    found = {one.code for one in inspect_data(write(rows, pseudonyms=True), tmp_path).findings}
    assert {"null_like_id", "similar_ids", "mixed_ids"} <= found
    plain = {one.code for one in inspect_data(write(rows), tmp_path).findings}
    assert found == plain


@pytest.mark.parametrize(("value", "says"), [("", "is not set"), ("short", "has 5 characters")])
def test_without_the_key_nothing_is_read(write, tmp_path, monkeypatch, value, says):
    monkeypatch.setenv(KEY, value)
    with pytest.raises(DataError, match=f"pseudonym_key .*{KEY} {says}"):
        load(write(clean_rows(), pseudonyms=True), tmp_path)
    with pytest.raises(ConfigError, match=says):
        pseudonym("7")


def test_the_key_shows_nowhere(write, tmp_path):
    assert SECRET not in repr(Pseudonyms.from_environment())
    loaded = load(write(clean_rows(), pseudonyms=True), tmp_path)
    assert SECRET not in repr(loaded)


@pytest.mark.parametrize("name", ["pseudonym_key", "pseudonyms_key"])
def test_the_key_is_refused_in_the_file(name):
    with pytest.raises(ValueError, match="belongs in the environment, as FUSION_PSEUDONYM_KEY"):
        DataSettings(interactions="log.csv", **{name: SECRET})


LIVE = {
    "other": ("another than the key", True, "0" * 8),
    "on": ("the live run has the plain ids", True, None),
    "off": ("pseudonyms is off now", False, "0" * 8),
}
"""Words of the finding, whether pseudonyms are on now, and the mark of the live run's key."""


@pytest.mark.parametrize("case", LIVE)
def test_a_changed_key_is_named_as_the_cause(write, tmp_path, case):
    says, on, mark = LIVE[case]
    live = LiveIds(pl.Series([f"{user}" for user in range(1, 101)]), NO_ITEMS, mark)
    found = inspect_data(write(clean_rows(), pseudonyms=on), tmp_path, live=live).findings
    (only,) = (one for one in found if one.severity == "error")
    assert (only.code, only.count) == ("pseudonyms_changed", 100)
    with pytest.raises(DataError, match=says):
        load(write(clean_rows(), pseudonyms=on), tmp_path, live=live)
    assert "users_not_recurring" not in {one.code for one in found}


def test_users_recur_under_their_pseudonyms(write, tmp_path):
    mark = Pseudonyms(SECRET.encode()).mark
    live = LiveIds(pl.Series([by_hand(f"{user}") for user in range(1, 101)]), NO_ITEMS, mark)
    assert inspect_data(write(clean_rows(), pseudonyms=True), tmp_path, live=live).findings == []
    strangers = LiveIds(pl.Series([by_hand(f"x{user}") for user in range(100)]), NO_ITEMS, mark)
    found = inspect_data(write(clean_rows(), pseudonyms=True), tmp_path, live=strangers).findings
    assert [one.code for one in found] == ["users_not_recurring"]
