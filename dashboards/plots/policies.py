"""The picture of a replay: how good each policy's lists were, week by week, and when it trained."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

FORMATS = ("png", "svg")
INCHES = (9.0, 5.0)
DOTS_PER_INCH = 150
STYLES = ("-", "--", "-.", ":")


@dataclass(frozen=True)
class PolicyLine:
    """A policy as the picture shows it.

    Attributes:
        label: its name, with the figures that are told of it.
        windows: beginnings of the windows (n,), aware times.
        ndcg: mean NDCG@10 of each (n,); None where it was not judged.
        trained: times at which it trained.
    """

    label: str
    windows: Sequence[datetime]
    ndcg: Sequence[float | None]
    trained: Sequence[datetime]


def draw_policies(lines: Sequence[PolicyLine], title: str, place: Path) -> list[Path]:
    """Draw policies beside each other, as PNG and as SVG.

    Args:
        lines: one a policy.
        title: above the picture.
        place: path without an ending; files that are there are replaced.

    Returns:
        The two files.
    """
    # Figures without pyplot belong to nobody else: no window, no state, no display.
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=INCHES, layout="constrained")
    ndcg, trainings = figure.subplots(
        2, 1, sharex=True, gridspec_kw={"height_ratios": [4, 0.3 + 0.22 * len(lines)]}
    )
    for row, line in enumerate(lines):
        values = [float("nan") if value is None else value for value in line.ndcg]
        color = f"C{row % 10}"
        # Dashes of their own: policies that did the same lie on one line.
        style = STYLES[row % len(STYLES)]
        ndcg.plot(line.windows, values, style, color=color, label=line.label, linewidth=1.6)
        trainings.plot(line.trained, [row] * len(line.trained), "o", color=color, markersize=4)
    ndcg.set_title(title, loc="left", fontsize=10)
    ndcg.set_ylabel("realised NDCG@10")
    ndcg.set_ylim(bottom=0)
    ndcg.grid(alpha=0.3)
    ndcg.legend(fontsize=8, frameon=False, loc="lower left")
    trainings.set_yticks(range(len(lines)), [line.label.split(":")[0] for line in lines])
    trainings.tick_params(labelsize=8)
    trainings.set_ylim(len(lines) - 0.5, -0.5)
    trainings.set_ylabel("trained")
    files = [place.with_name(f"{place.name}.{ending}") for ending in FORMATS]
    for file in files:
        # Without the moment of drawing, the same replay gives the same bytes.
        metadata = {"Date": None} if file.suffix == ".svg" else {}
        figure.savefig(file, dpi=DOTS_PER_INCH, metadata=metadata)
    return files
