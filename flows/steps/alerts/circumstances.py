"""What else differs between two runs: it stands first in every alert that it may explain."""

from collections.abc import Mapping

from dashboards.alerts import Circumstances, Reason
from flows.steps.rules_of_runs import rules_hash
from fusion.evaluation.serving.report import ServingReport
from fusion.runs.manifest import Manifest
from storage.schema.row_objects import RunRow

OF_RULES = frozenset({"lists"})
"""Subjects that rules of lists change: no others depend on them."""
OF_TRAINING = frozenset({"lists", "features", "source", "ranker"})
"""Subjects that settings of sources, folds and the ranker change."""
EXPLAINS = {
    "lists": OF_RULES,
    **dict.fromkeys(
        ("seed", "memory", "device", "split", "sources", "tune", "ranker", "limits"), OF_TRAINING
    ),
}
"""Parts of the configuration in the manifest, and what a change there changes; others change
nothing that is watched."""
RANKER = "ranker"
"""The method, as `fusion.ranking.method` calls it, which imports LightGBM: comparing needs none."""
SECONDS_A_DAY = 86_400


def circumstances(
    run: RunRow,
    previous: RunRow | None,
    next_step: str = "",
    before: Mapping[str, float] | None = None,
) -> Circumstances:
    """Return what alerts on a run depend on beside its figures.

    Args:
        run: that is monitored.
        previous: that it is compared with; None for a first run.
        next_step: what can be done about its lists.
        before: figures of the lists of `previous`, by name; None where nobody needs them.

    Returns:
        The circumstances; without a run before, nothing differs.
    """
    serving = serving_of(run)
    if previous is None:
        return Circumstances(next_step, no_floor=missing_floor(run, serving))
    return Circumstances(
        next_step=next_step,
        days=days_between(previous, run),
        no_floor=missing_floor(run, serving),
        has_other_method=previous.method != run.method,
        before=before or {},
        reasons=tuple(_reasons(previous, run)),
    )


def serving_of(run: RunRow) -> ServingReport:
    """Return what was measured of the fits that serve; nothing for a run of an older version.

    Args:
        run: its row.
    """
    return ServingReport.model_validate(Manifest.of(run.manifest).serving)


def missing_floor(run: RunRow, serving: ServingReport) -> str:
    """Say why nothing tells what chance alone changes in a run's lists.

    Args:
        run: its row.
        serving: what was measured of its fits.

    Returns:
        A part of a sentence; "" where the twin tells it.
    """
    if serving.twin is not None and serving.twin.is_broken:
        return "the ranker's twin is below a source on labels it has seen, so it is broken"
    if run.method != RANKER:
        return f"the method {run.method} has no twin"
    return ""


def days_between(previous: RunRow, run: RunRow) -> float:
    """Return the days of data between two runs; without times, those between their trainings.

    Args:
        previous: the older one.
        run: the newer one.
    """
    before = previous.as_of if previous.as_of and run.as_of else previous.created_at
    now = run.as_of if previous.as_of and run.as_of else run.created_at
    return abs((now - before).total_seconds()) / SECONDS_A_DAY


def _reasons(previous: RunRow, run: RunRow) -> list[Reason]:
    """Collect what differs, the rules first."""
    reasons = []
    if rules_hash(previous) != rules_hash(run):
        sentence = "The rules of lists changed between the two runs"
        reasons.append(Reason(f"{sentence}, which may be all there is to it.", OF_RULES))
    for sections, subjects in _by_subjects(previous, run).items():
        sentence = f"The configuration changed between the two runs ({sections})"
        reasons.append(Reason(f"{sentence}, which may be all there is to it.", subjects))
    if previous.method and run.method and previous.method != run.method:
        sentence = f"Lists are made by {run.method} now, and were by {previous.method}"
        reasons.append(Reason(f"{sentence}, which may be all there is to it.", OF_RULES))
    return reasons


def changed_sections(previous: RunRow, run: RunRow) -> list[str]:
    """Return the parts of the configuration that changed and change something that is watched.

    Args:
        previous: the older run.
        run: the newer one.

    Returns:
        Keys of `EXPLAINS`.
    """
    before, now = Manifest.of(previous.manifest).config, Manifest.of(run.manifest).config
    # A setting that one of the two versions did not know is no change that anybody made.
    shared = [name for name in EXPLAINS if name in before and name in now]
    return [name for name in shared if _comparable(name, before) != _comparable(name, now)]


def _by_subjects(previous: RunRow, run: RunRow) -> dict[str, frozenset[str]]:
    """Return the changed parts of the configuration in words, by what they change."""
    by_subjects: dict[frozenset[str], list[str]] = {}
    for name in changed_sections(previous, run):
        by_subjects.setdefault(EXPLAINS[name], []).append(name)
    return {", ".join(names): subjects for subjects, names in by_subjects.items()}


def _comparable(name: str, config: dict[str, object]) -> object:
    """Return a part of the configuration without the name of the rules file, which is no rule."""
    part = config[name]
    if name == "lists" and isinstance(part, dict):
        return {key: value for key, value in part.items() if key != "rules"}
    return part
