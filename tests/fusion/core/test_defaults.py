"""Thresholds by room: declared with a reason, listed for the manifest, and refused without one."""

from dataclasses import dataclass

import pytest

from fusion.core import defaults
from fusion.core.defaults import all_defaults, room_defaults, threshold
from fusion.errors import FusionError


@pytest.fixture(autouse=True)
def no_other_rooms(monkeypatch):
    monkeypatch.setattr(defaults, "_rooms", {})


def test_a_room_lists_its_thresholds_with_their_reasons():
    @room_defaults("zoo")
    @dataclass(frozen=True)
    class ZooDefaults:
        depth: int = threshold(10, "people look at ten")
        shares: tuple[float, ...] = threshold((0.5, 0.9), "as the paper has it")

    assert ZooDefaults().depth == 10
    assert all_defaults() == {
        "zoo": {
            "depth": {"value": 10, "reason": "people look at ten"},
            "shares": {"value": (0.5, 0.9), "reason": "as the paper has it"},
        }
    }


def test_a_threshold_without_a_reason_is_refused():
    @dataclass(frozen=True)
    class Bare:
        depth: int = 10

    with pytest.raises(FusionError, match=r"Bare\.depth is not declared by threshold"):
        room_defaults("zoo")(Bare)


def test_a_room_has_one_class_of_defaults():
    @dataclass(frozen=True)
    class One:
        depth: int = threshold(10, "why not")

    @dataclass(frozen=True)
    class Two:
        depth: int = threshold(20, "why not")

    room_defaults("zoo")(One)
    with pytest.raises(FusionError, match="One holds the defaults of zoo already"):
        room_defaults("zoo")(Two)


def test_what_is_no_dataclass_is_refused():
    with pytest.raises(FusionError, match="no dataclass"):
        room_defaults("zoo")(int)
