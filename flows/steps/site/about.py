"""What the page About reads: the limits that hold, and which database stands behind."""

from collections.abc import Iterator

from dashboards.pages.reference.reads import AboutFacts, Limit, ReferenceReads
from flows.session import Session
from fusion.core.settings import Settings
from storage.database.urls import resolve_url
from storage.schema.tables import HEAD

DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
NO_LIMITS = ("workspace", "approve", "sample")
"""Keys of the two sections that bound nothing."""


def reference_reads(session: Session) -> ReferenceReads:
    """Return the functions that the pages about the dashboards themselves read with.

    Args:
        session: whose configuration they read.
    """
    return ReferenceReads(about=lambda placement: about_facts(session))


def about_facts(session: Session) -> AboutFacts:
    """Return the limits of a configuration, and its kind of database.

    Args:
        session: whose configuration counts.
    """
    config = session.config
    kind = resolve_url(config.storage.url, session.base).get_backend_name()
    limits = [*_limits("gate", config.gate), *_limits("monitor", config.monitor)]
    return AboutFacts(DATABASES.get(kind, kind), HEAD, limits)


def _limits(section: str, settings: Settings) -> Iterator[Limit]:
    for name, field in type(settings).model_fields.items():
        if name not in NO_LIMITS:
            value = getattr(settings, name)
            shown = f"{value:g}" if isinstance(value, float) else str(value)
            yield Limit(f"[{section}] {name}", shown, (field.description or "").rstrip("."))
