"""Policies to choose from: by what they retrain before the live run is too old."""

from pathlib import Path

from flows.retrain_settings import RetrainSettings
from flows.steps.past.policies import ReplayedPolicy, policies_of

TRIGGERS = ("new_events", "drift", "quality", "coverage", "catalogue_turnover")


def section(max_age: float, times: int = 1, **thresholds: float) -> str:
    """Write a `[retrain]` section with some triggers and none beside them.

    Args:
        max_age: days.
        times: how often in a row a trigger must be met.
        thresholds: by trigger.
    """
    lines = ["[retrain]", f"max_age = {max_age}"]
    for trigger in TRIGGERS:
        lines.append(f"[retrain.{trigger}]")
        if trigger in thresholds:
            lines += [f"threshold = {thresholds[trigger]}", f"times = {times}"]
        else:
            lines.append("enabled = false")
    return "\n".join(lines) + "\n"


CANDIDATES = {
    "age14": section(14),
    "age21": section(21),
    "age28": section(28),
    "drift28": section(28, drift=1),
    "drift21": section(21, drift=1),
    "drift28_twice": section(28, times=2, drift=1),
    "quality28": section(28, quality=0.05),
    "drift_quality28": section(28, drift=1, quality=0.05),
    "new05": section(28, drift=1, new_events=0.05),
    "new10": section(28, drift=1, new_events=0.10),
    "coverage28": section(28, drift=1, coverage=0.2),
}
"""Policies by name, each as the text of its file."""


def write_policies(folder: Path, candidates: dict[str, str]) -> list[ReplayedPolicy]:
    """Write the files of some policies, and return them beside training always and never.

    The policy of age alone is left out: by default it trains after seven days, and so always.

    Args:
        folder: where.
        candidates: texts of the files, by name.
    """
    files = []
    for name, text in candidates.items():
        files.append(folder / f"{name}.toml")
        files[-1].write_text(text)
    always, never, *_ = policies_of(RetrainSettings())
    return [always, never, *policies_of(RetrainSettings(), files)[4:]]
