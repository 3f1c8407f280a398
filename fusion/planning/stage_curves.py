"""The curves of one kind of stage, and the size along which it grows."""

from dataclasses import dataclass
from typing import Literal

from fusion.planning.curve import Curve

Size = Literal["events", "users", "items"]
"""What a stage may grow along."""


@dataclass(frozen=True)
class StageCurves:
    """What all steps of one kind take.

    Attributes:
        size: along which the seconds grow.
        cpu_seconds: of one core.
        memory_mb: the largest memory of the process meanwhile, in MiB,
            by the interactions.
        cores: that one of them keeps busy on a machine with two.
    """

    size: Size
    cpu_seconds: Curve
    memory_mb: Curve
    cores: float = 1.0
