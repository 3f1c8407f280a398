"""The rules of a run: the file that the configuration names, and items blocked in SQL by now."""

from flows.session import Session
from fusion.core.findings import Finding
from fusion.data.dataset import Dataset
from fusion.lists.business_rules.compiled_rules import Rules
from fusion.lists.business_rules.resolve_rules import usable
from fusion.lists.business_rules.rules import RuleSet, read_rules
from fusion.models.text.encoder_choice import require_encoder
from storage.reading.blocked_items import blocked_now


def read_rule_set(session: Session) -> RuleSet:
    """Read the rules file that [lists] rules names.

    Args:
        session: its configuration.

    Returns:
        The rules by name; without any where no file is named.

    Raises:
        ConfigError: the file is not there, or its rules cannot be kept.
    """
    name = session.config.lists.rules
    return read_rules(session.base / name) if name else RuleSet()


def compile_rules(
    session: Session, rule_set: RuleSet, data: Dataset
) -> tuple[Rules | None, list[Finding]]:
    """Compile rules and what is blocked in SQL now over the rows of the data.

    Args:
        session: the database and its placement.
        rule_set: the rules by name.
        data: whose users and items they name.

    Returns:
        The rules, None where there is nothing to keep; findings about names that the data lacks.

    Raises:
        ConfigError: the rules cannot be kept; the message lists every finding of severity error.
            Or diversity compares texts by a model that cannot be used here.
    """
    diversity = rule_set.diversity
    if diversity is not None and diversity.by == "text":
        # Now, not when lists are made: by then all the training is done.
        require_encoder(diversity.encoder)
    blocked = blocked_now(session.engine, session.placement)
    return usable(rule_set, data, blocked, session.config.lists.size)
