"""The policies that a replay compares: always, never, by age, as configured, and from files."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from flows.retrain_settings import RetrainSettings
from fusion.core.settings import Settings, describe
from fusion.core.toml_file import read_toml
from fusion.errors import ConfigError

Rule = Literal["always", "never", "asked"]
ALWAYS, NEVER, AGE, CONFIGURED = "always", "never", "age", "configured"
"""Names of the policies that every replay has."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True)
class ReplayedPolicy:
    """A policy under the name of its row, which is also that of its placement in the replay.

    Attributes:
        name: of the row.
        rule: train at each date, train once, or ask the policy as `fusion retrain` does.
        settings: the `[retrain]` section that it is asked by.
    """

    name: str
    rule: Rule
    settings: RetrainSettings


class PolicyFile(Settings):
    """A file with a `[retrain]` section and nothing else."""

    retrain: RetrainSettings = Field(description="The policy.")


def policies_of(configured: RetrainSettings, files: Sequence[Path] = ()) -> list[ReplayedPolicy]:
    """Return the policies of a replay, those of files last.

    Args:
        configured: `[retrain]` of the configuration.
        files: TOML files with a `[retrain]` section each, which are called by their names.

    Returns:
        The policies, each under a name of its own.

    Raises:
        ConfigError: a file is no policy, or its name is taken or cannot be used.
    """
    policies = [
        ReplayedPolicy(ALWAYS, "always", configured),
        ReplayedPolicy(NEVER, "never", configured),
        ReplayedPolicy(AGE, "asked", _by_age_alone(configured)),
        ReplayedPolicy(CONFIGURED, "asked", configured),
    ]
    for file in files:
        name = file.stem
        if not _NAME.fullmatch(name) or name in {policy.name for policy in policies}:
            taken = ", ".join(policy.name for policy in policies)
            raise ConfigError(
                f"--policy {file}: the row is called by the name of the file, and {name!r} is "
                f"taken or has other characters than letters, digits, '_', '.' and '-'; rename the "
                f"file. Taken: {taken}"
            )
        policies.append(ReplayedPolicy(name, "asked", read_policy(file)))
    return policies


def read_policy(file: Path) -> RetrainSettings:
    """Read a policy from a file.

    Args:
        file: TOML with a `[retrain]` section.

    Returns:
        The section; keys that it does not name have their defaults.

    Raises:
        ConfigError: the file is not there, or holds anything else.
    """
    try:
        return PolicyFile(**read_toml(file)).retrain
    except FileNotFoundError as missing:
        raise ConfigError(
            f"--policy {file} is not there; name a TOML file with a [retrain] section"
        ) from missing
    except ValidationError as wrong:
        problems = "\n".join(f"  {describe(error, PolicyFile)}" for error in wrong.errors())
        raise ConfigError(
            f"--policy {file} is no policy; write a [retrain] section alone:\n{problems}"
        ) from wrong


def _by_age_alone(configured: RetrainSettings) -> RetrainSettings:
    """Switch every trigger off, so that age alone remains."""
    off = {}
    for name, value in configured:
        if isinstance(value, Settings) and "enabled" in type(value).model_fields:
            off[name] = value.model_copy(update={"enabled": False})
    return configured.model_copy(update=off)
