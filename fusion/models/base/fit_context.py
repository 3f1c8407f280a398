"""What a fit is given besides data and settings: randomness, device, budgets."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fusion.core.arrays import State
from fusion.core.progress import Progress, quiet


@dataclass(frozen=True)
class FitContext:
    """Everything about a fit but its data and settings: randomness, device, budgets.

    Attributes:
        rng: the source's own random stream.
        device: "cpu" or "cuda".
        threads: cores that the fit may use.
        max_steps: training steps of a fit from nothing; None: early stopping finds them.
        seconds: safety cap on the time of a fit; None: no cap.
        warm: state of an earlier cut that the fit begins from; None: it begins from nothing.
        keep: a later fit will begin from this one, whose state must then allow it.
        cache: folder for results that depend on content alone, such as text vectors, or None.
        progress: receives the steps that are done.
    """

    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))
    device: str = "cpu"
    threads: int = 1
    max_steps: int | None = None
    seconds: float | None = None
    warm: State | None = None
    keep: bool = False
    cache: Path | None = None
    progress: Progress = quiet
