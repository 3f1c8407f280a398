"""The rules of a run: the file that the configuration names, and what is blocked in SQL at this moment."""

from flows.session import Session
from fusion.core.findings import Finding
from fusion.data.dataset import Dataset
from fusion.lists.compiled_rules import Rules
from fusion.lists.resolve_rules import usable
from fusion.lists.rules import RuleSet, read_rules
from storage.reading.blocked_items import blocked_now


def rule_set(session: Session) -> RuleSet:
    """What the rules file holds; ConfigError where it is not there or cannot be kept."""
    name = session.config.lists.rules
    return read_rules(session.base / name) if name else RuleSet()


def rules_of(
    session: Session, source: RuleSet, data: Dataset
) -> tuple[Rules | None, list[Finding]]:
    """Rules over the rows of `data`, None where there is nothing to keep, and what they name that is not there.

    Raises ConfigError that lists every finding of severity error.
    """
    return usable(
        source, data, blocked_now(session.engine, session.placement), session.config.lists.size
    )
