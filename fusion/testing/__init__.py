"""Tests for the sources of others: the contract, and small data to hold them to it.

Only this package imports pytest, which whoever runs the tests brings along.
"""

import pytest

# Before the modules are imported: asserts then show their values, as in a test module.
pytest.register_assert_rewrite(
    "fusion.testing.fitting", "fusion.testing.listing", "fusion.testing.scoring"
)

from fusion.testing.contract import SourceContract  # noqa: E402

__all__ = ["SourceContract"]
