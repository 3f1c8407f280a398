"""What is copied whole of a path that workers far away are told of."""

from pathlib import PurePath

from fusion.training.elsewhere.far_worker import texts_below, unit_of


def test_a_stage_is_copied_whole():
    unit = unit_of(PurePath("fit/0123456789abcdef/state.npz"))
    assert (unit.name, unit.is_handed) == ("fit/0123456789abcdef", False)
    assert str(unit.path) == "fit/0123456789abcdef/state.npz"


def test_what_was_handed_over_has_a_name_of_its_training():
    unit = unit_of(PurePath("handed/.data.d0/abc.npz"))
    assert unit.is_handed
    assert (str(unit.source), unit.path.name) == ("handed/.data.d0/abc.npz", "abc.npz")
    assert str(unit.path).startswith(unit.name)
    assert unit_of(PurePath("handed/.data.d1/abc.npz")).name != unit.name
    assert unit_of(PurePath("handed/.data.d0/abc.npz/inner")).name == unit.name


def test_paths_are_found_in_plain_values_and_nothing_that_looks_alike():
    plain = {"a": "/x/store/fit/1", "b": [{"c": "/x/store/handed/2"}, 3, None], "d": "/x/storey"}
    assert [*texts_below(plain, "/x/store")] == ["/x/store/fit/1", "/x/store/handed/2"]
