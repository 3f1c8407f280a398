"""What is handed over stands there once, and is told apart from all else."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fusion.data.on_disk.dataset_folder import mapped_array, open_dataset
from fusion.data.priors import ItemPrior
from fusion.models.foreign.files import read_arrays
from fusion.runs.stages.handover import Handover
from fusion.testing.data import mixed_data


@pytest.fixture
def handover(tmp_path):
    return Handover(tmp_path)


def test_data_with_other_priors_is_other_data_for_tables(handover):
    data = mixed_data()
    flags = np.arange(data.n_items) % 2 == 0
    prior = ItemPrior("mine", flags, ~flags)
    versions = {
        "none": (),
        "one": (prior,),
        "renamed": (replace(prior, name="yours"),),
        "other": (replace(prior, concerned=flags),),
        "both": (prior, replace(prior, name="yours")),
    }
    places = {
        name: handover.dataset(replace(data, priors=priors)) for name, priors in versions.items()
    }
    assert len(set(places.values())) == len(versions)
    for name, priors in versions.items():
        read = open_dataset(Path(places[name])).priors
        assert [each.name for each in read] == [each.name for each in priors]
        assert [each.concerned.tolist() for each in read] == [
            each.concerned.tolist() for each in priors
        ]
    before = Path(places["one"]).stat().st_mtime_ns
    assert handover.dataset(replace(data, priors=(prior,))) == places["one"]
    assert Path(places["one"]).stat().st_mtime_ns == before


def test_the_same_values_under_another_name_are_something_else(handover):
    values = np.arange(5)
    one, other = handover.arrays({"rows": values}), handover.arrays({"placed": values})
    assert one != other
    assert [*read_arrays(Path(one))] == ["rows"]
    assert [*read_arrays(Path(other))] == ["placed"]
    assert handover.arrays({"rows": values}) == one


def test_a_large_array_is_mapped_and_what_is_written_into_it_stays_in_the_process(handover):
    values = np.arange(5)
    file = Path(handover.mapped(values))
    mapped = mapped_array(file)
    mapped[0] = 9
    assert mapped_array(file).tolist() == values.tolist()
    assert handover.mapped(values.copy()) == str(file)
    assert handover.mapped(values.astype(np.int32)) != str(file)
