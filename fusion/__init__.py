"""The core: data, sources, candidates, ranker, verdict, lists. No orchestrator, database or report."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fusion.api import Fused, fit_fusion, from_frames, recommend
    from fusion.data.dataset import Dataset

__all__ = ["Dataset", "Fused", "fit_fusion", "from_frames", "recommend"]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for: the light verbs of the command line never need them."""
    if name not in __all__:
        raise AttributeError(f"module 'fusion' has no attribute {name!r}")
    return getattr(
        import_module("fusion.data.dataset" if name == "Dataset" else "fusion.api"), name
    )
