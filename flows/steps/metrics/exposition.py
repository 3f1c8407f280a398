"""The text format of Prometheus, version 0.0.4.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


@dataclass
class Metric:
    """A gauge with its samples.

    Attributes:
        name: with its unit.
        help: a phrase.
        samples: labels and value of each.
    """

    name: str
    help: str
    samples: list[tuple[dict[str, str], float]] = field(default_factory=list)

    def add(self, value: float, **labels: str) -> None:
        """Add a sample.

        Args:
            value: of the gauge.
            labels: that tell it from the others of this metric.
        """
        self.samples.append((labels, value))


def exposition(metrics: Iterable[Metric], common: Mapping[str, str]) -> str:
    """Write metrics as text.

    Args:
        metrics: those without samples are left out.
        common: labels of every sample.

    Returns:
        The text, with a line feed at its end.
    """
    lines = []
    for metric in metrics:
        if not metric.samples:
            continue
        lines.append(f"# HELP {metric.name} {metric.help}")
        lines.append(f"# TYPE {metric.name} gauge")
        for labels, value in metric.samples:
            lines.append(f"{metric.name}{{{_labels({**common, **labels})}}} {value!r}")
    return "\n".join([*lines, ""])


def _labels(labels: Mapping[str, str]) -> str:
    return ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in labels.items())
