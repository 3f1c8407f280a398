"""`SourceContract`: what every source promises, for its author's own tests."""

from fusion.testing.fitting import FittingContract
from fusion.testing.listing import ListingContract
from fusion.testing.scoring import ScoringContract


class SourceContract(ScoringContract, ListingContract, FittingContract):
    """Tests that pytest runs for a source; every source of the core passes them.

    Subclass it in a test module, say which class is meant, and give it small settings:

        from fusion.testing import SourceContract

        class TestMySource(SourceContract):
            source = MySource
            settings = {"factors": 8}

    Set `collaborative`, `predicts_ratings`, `leaves_out_self` or `depends_on_rows` where they hold;
    what they mean stands at `ContractBase`. A test that does not fit a source can be overridden
    there, with the reason in its docstring.
    """
