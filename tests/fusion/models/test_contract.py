"""The contract of sources, for every source that is registered; a new file is tested unasked."""

import pytest

from fusion.data.capabilities import CAPABILITIES
from fusion.models.base.registry import known
from fusion.testing import SourceContract
from fusion.testing.data import mixed_data
from tests.fusion.models.conftest import NOT_COLLABORATIVE, SMALL, VARIANTS

DECLARATIONS = {
    "neural_mse": {"predicts_ratings": True},
    "neighbour_trend": {"leaves_out_self": True},
    "random": {"depends_on_rows": True},
    "user_knn": {"leaves_out_self": True},
}
"""What the contract must know of a source beside its class and settings."""


def contract_of(name: str) -> type[SourceContract]:
    """A test class for one source, or for a variant of its settings."""
    use, settings = VARIANTS.get(name, (name, SMALL.get(name, {})))
    declared = {
        "source": known()[use],
        "settings": settings,
        "collaborative": name not in NOT_COLLABORATIVE,
        "__module__": __name__,
    }
    return type(f"Test_{name}", (SourceContract,), declared | DECLARATIONS.get(name, {}))


CONTRACTS = {f"Test_{name}": contract_of(name) for name in (*known(), *VARIANTS)}
globals().update(CONTRACTS)


def test_the_small_data_has_every_capability():
    assert mixed_data().capabilities == set(CAPABILITIES)


def contract_tests(contract: type) -> set[str]:
    return {name for name in dir(contract) if name.startswith("test_")}


@pytest.mark.parametrize("contract", CONTRACTS)
def test_every_source_is_held_to_the_whole_contract(contract):
    own = CONTRACTS[contract]
    assert contract_tests(own) == contract_tests(SourceContract)
    assert all(getattr(own, name) is getattr(SourceContract, name) for name in contract_tests(own))
