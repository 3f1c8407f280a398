"""The registry: what it refuses when a class is registered, and what installed packages offer."""

from importlib.metadata import EntryPoint

import pytest

from fusion.config import RESERVED
from fusion.data.capabilities import CAPABILITIES
from fusion.errors import ConfigError, UnknownName, UnusableSource
from fusion.models.base import registry
from fusion.models.base.recommender import Recommender
from fusion.models.base.registry import RENAMED_OVERRIDES, build, known, register
from tests.fusion.broken import Plain


@pytest.fixture(autouse=True)
def own_registry(monkeypatch):
    """A registry that forgets again what a test registers, and what packages offer in it."""
    monkeypatch.setattr(registry, "_known", dict(known()))
    yield
    registry.offered.cache_clear()


def test_a_need_that_no_data_meets_is_refused_with_the_nearest():
    class Misspelt(Plain):
        needs = frozenset({"time"})

    with pytest.raises(UnknownName, match=r"need of source 'mine': 'time'. Did you mean 'times'"):
        register("mine")(Misspelt)
    assert "mine" not in known()


def test_every_need_of_a_source_is_one_that_data_can_have(name):
    assert known()[name].needs <= set(CAPABILITIES)


@pytest.mark.parametrize(("former", "current"), RENAMED_OVERRIDES.items())
def test_an_override_by_a_former_name_is_refused_with_the_new_one(former, current):
    base = type("Base", (Plain,), {former: None})
    child = type("Child", (base,), {})
    with pytest.raises(ConfigError, match=rf"Base\.{former} has a new name, {current}"):
        register("mine")(child)


@pytest.mark.parametrize("reserved", [name for name in RESERVED if name != "random"])
def test_a_reserved_name_is_refused_with_what_it_names(reserved):
    with pytest.raises(ConfigError, match=rf"source Plain: the name '{reserved}' is reserved: it"):
        register(reserved)(Plain)
    assert reserved not in known()


def test_former_names_lead_to_names_that_there_are():
    defined = {name for cls in (Recommender, *known().values()) for name in dir(cls)}
    assert set(RENAMED_OVERRIDES.values()) <= defined
    assert not set(RENAMED_OVERRIDES) & defined


class Offered:
    """What an entry point looks like to the registry."""

    name = "offered"
    value = "package:Class"

    def __init__(self, cls):
        self.load = lambda: cls


def test_a_class_offered_by_a_package_is_known_and_checked(monkeypatch):
    def offer(cls):
        monkeypatch.setattr(registry, "entry_points", lambda group: [Offered(cls)])
        registry.offered.cache_clear()

    offer(type("Late", (Plain,), {"warms": True}))
    with pytest.raises(UnusableSource, match=r"source 'offered', .* cannot be used: .*warms"):
        known()
    offer(Plain)
    assert type(build("offered")) is Plain


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("no_such_package.sources:Mine", "cannot be imported: ModuleNotFoundError"),
        ("fusion.errors:NoSuchName", "cannot be imported: AttributeError"),
        ("fusion.errors:FusionError", "is no subclass of fusion.Recommender"),
    ],
)
def test_a_package_whose_class_cannot_be_used_is_named_with_the_cure(monkeypatch, value, message):
    broken = EntryPoint("mine", value, "fusion.sources")
    monkeypatch.setattr(registry, "entry_points", lambda group: [broken])
    registry.offered.cache_clear()
    with pytest.raises(UnusableSource, match=rf"source 'mine'.*{value}.*{message}.*uninstall it"):
        build("mine")


def test_a_package_that_is_broken_hinders_nobody_who_does_not_use_it(monkeypatch):
    offers = [EntryPoint("mine", "no_such_package:Mine", "fusion.sources"), Offered(Plain)]
    monkeypatch.setattr(registry, "entry_points", lambda group: offers)
    registry.offered.cache_clear()
    assert type(build("offered")) is Plain
    assert type(build("ease")).__name__ == "Ease"
    assert set(registry.offered()) == {"mine", "offered"}


def test_of_two_packages_with_one_name_the_first_has_it_and_none_takes_ours(monkeypatch):
    names = [("mine", "first:Mine"), ("mine", "second:Mine"), ("ease", "theirs:Ease")]
    offers = [EntryPoint(name, value, "fusion.sources") for name, value in names]
    monkeypatch.setattr(registry, "entry_points", lambda group: offers)
    registry.offered.cache_clear()
    assert {name: entry.value for name, entry in registry.offered().items()} == {
        "mine": "first:Mine"
    }
