"""`fusion sources`: what `use` may name, what each needs, and the memory that its fit takes."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import EntryPoint
from typing import Any

from flows.session import Session
from flows.steps.run_summaries import newest_runs
from fusion.config import CoreConfig, SourceSettings
from fusion.core.extras import is_installed
from fusion.errors import FusionError, install_hint
from fusion.ingest.load import load
from fusion.isolation.failure import what_happened
from fusion.models.base.registry import offered, registered
from fusion.models.foreign.processes import foreign_sources
from fusion.models.foreign.resolve import source_model
from fusion.runs.manifest import Manifest
from fusion.training.sources import source_limits


@dataclass(frozen=True)
class Sizes:
    """Sizes of data, from which sources estimate the memory of a fit.

    Attributes:
        users: of the interactions and of the file of users.
        items: likewise.
        interactions: rows.
        of: whose they are, in words.
    """

    users: int
    items: int
    interactions: int
    of: str


EXAMPLE = Sizes(100_000, 10_000, 10_000_000, "an example")
NO_CONFIG = "There is no configuration, whose data these figures would be about."


@dataclass(frozen=True)
class KnownSource:
    """A recommender that `use` may name.

    Attributes:
        use: its name.
        offered_by: the installed package that brings it, and its class; None for ours.
        configured_as: names under which the configuration, or the default set, has it.
        needs: capabilities that the data must have, under its settings.
        memory_bytes: what a fit may hold at its peak, under the settings that need most of those
            configured; None where that is not known.
        settings: names with their defaults.
        problem: why it cannot take part here, or what is not known of it; "" for nothing.
    """

    use: str
    offered_by: str | None
    configured_as: list[str]
    needs: list[str] = field(default_factory=list)
    memory_bytes: int | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True)
class SourceList:
    """All sources of this installation.

    Attributes:
        sizes: of the data that their memory is estimated for.
        memory_gib: what fits side by side may take together, as the configuration says.
        sources: by name.
        note: why the sizes are not those of the user's data; "" where they are.
    """

    sizes: Sizes
    memory_gib: float
    sources: list[KnownSource]
    note: str


def list_sources(session: Session | None) -> SourceList:
    """Ask every source of ours, and of installed packages, what it is and needs.

    Args:
        session: the configuration, its data and runs; None where there is no configuration.

    Returns:
        Sources by name; a package's that is broken is among them, with its reason.
    """
    config = session.config if session else CoreConfig()
    sizes, note = _sizes(session) if session else (EXAMPLE, NO_CONFIG)
    configured = config.sources_for(has_times=True)
    packages = offered()
    with foreign_sources(source_limits(config)):
        found = [
            _ask(use, packages.get(use), [one for one in configured if one.use == use], sizes)
            for use in sorted({*registered(), *packages})
        ]
    return SourceList(sizes, config.memory, found, note)


def _sizes(session: Session) -> tuple[Sizes, str]:
    """Return the sizes of the newest run's data, else those of the data as it is read now."""
    try:
        for run in newest_runs(session, 1):
            data = Manifest.of(run.manifest).data
            if data.users and data.items and data.interactions:
                of = f"the data of run {run.run_id}"
                return Sizes(data.users, data.items, data.interactions, of), ""
        read = load(session.config.data, session.base, read_sql=session.read_sql).dataset
    except FusionError as unread:
        return EXAMPLE, f"Your data cannot be looked at: {unread}"
    return Sizes(read.n_users, read.n_items, len(read), "the data"), ""


def _ask(
    use: str, entry: EntryPoint | None, configured: Sequence[SourceSettings], sizes: Sizes
) -> KnownSource:
    """Ask one source, as it is configured or, where it is not, as it is by itself."""
    names = [one.name for one in configured]
    known = KnownSource(use, _origin(entry) if entry else None, names)
    try:
        models = [source_model(use, one.settings) for one in configured] or [source_model(use)]
    except FusionError as wrong:
        return replace(known, problem=str(wrong))
    first = models[0]
    known = replace(
        known,
        needs=sorted({need for model in models for need in model.required()}),
        settings={
            name: setting.get_default(call_default_factory=True, validated_data={})
            for name, setting in type(first.config).model_fields.items()
        },
    )
    if first.extra and not is_installed(first.extra):
        return replace(known, problem=f"needs {install_hint([first.extra])}")
    try:
        sized = (sizes.users, sizes.items, sizes.interactions)
        needed = max(int(model.memory_bytes(*sized)) for model in models)
    # A source may be somebody else's code, which can fail with anything.
    except Exception as failure:
        return replace(known, problem=f"memory_bytes failed: {what_happened(failure)}")
    return replace(known, memory_bytes=needed)


def _origin(entry: EntryPoint) -> str:
    """Name the package of an entry point, and the class in it."""
    package = f"{entry.dist.name} {entry.dist.version}" if entry.dist else "a package"
    return f"{package}, {entry.value}"
