"""Former modules: importing one fails with the import to write instead."""

import sys
from collections.abc import Sequence
from types import ModuleType

MOVED = {
    "fusion.arrays": ("Scores", "State"),
    "fusion.dataset": ("Dataset",),
    "fusion.lists.rules": ("RuleSet", "read_rules"),
    "fusion.models.factors": ("FactorModel",),
    "fusion.models.item_item": ("ItemSimilarityModel",),
    "fusion.models.sparse_rows": ("SparseScores",),
    "fusion.recommender": ("Allowed", "FitContext", "Recommender"),
    "fusion.registry": ("build", "known", "register"),
    "fusion.settings": ("Settings", "tunable"),
    "fusion.topk": ("Pairs", "TopK"),
    "fusion.users": ("UserHistories",),
}
"""Modules that authors of sources and notebooks used to import, and their names in `fusion`."""


class MovedModules:
    """A finder of modules that finds none, but knows where the former ones went."""

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> None:
        """Refuse the import of a former module; leave every other one to its error.

        Args:
            name: full name of a module that no other finder knows.
            path: unused.
            target: unused.

        Raises:
            ModuleNotFoundError: the module is a former one; the message names today's import.
        """
        if name in MOVED:
            names = ", ".join(MOVED[name])
            raise ModuleNotFoundError(
                f"{name} has moved: write 'from fusion import {names}' "
                "(CHANGELOG.md lists what else has a new name)",
                name=name,
            )


def install() -> None:
    """Ask `MovedModules` last of all finders, so that imports that succeed never come to it."""
    if MovedModules not in sys.meta_path:
        sys.meta_path.append(MovedModules)
