"""The whole configuration: one TOML file, overlaid by environment variables.

What is wrong in it is refused with the cure.
"""

import os
import re
from difflib import get_close_matches
from pathlib import Path
from zoneinfo import available_timezones

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from dashboards.settings import MonitorSettings
from flows.retention_settings import RetentionSettings
from fusion.config import CoreConfig
from fusion.core.settings import Settings, describe, named_outside, require_text
from fusion.core.toml_file import read_toml
from fusion.errors import ConfigError
from fusion.ingest.settings import DataSettings
from fusion.watching.settings import WatchSettings
from storage.database.settings import StorageSettings

CRON = {"minute": (0, 59), "hour": (0, 23), "day": (1, 31), "month": (1, 12), "weekday": (0, 7)}
"""The five fields of a schedule and the numbers they take."""
NAMES = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|sun|mon|tue|wed|thu|fri|sat"
"""Months and weekdays as cron knows them; in any case."""


class RetrainSettings(Settings):
    """The `[retrain]` section: when `fusion retrain` trains, and when the schedule asks."""

    cron: str = Field(
        "0 3 * * *", description="when the schedule asks the policy, in cron's five fields"
    )
    timezone: str = Field("UTC", description="time zone of `cron`, such as Asia/Shanghai")
    max_age: float = Field(
        7.0, gt=0, le=36_500, description="days after its training at which the live run is too old"
    )
    cooldown: float = Field(
        6.0,
        ge=0,
        le=876_000,
        description="hours after a training, published or refused, before the next is due",
    )

    @field_validator("cron")
    @classmethod
    def _five_fields(cls, cron: str) -> str:
        words = cron.split()
        is_schedule = len(words) == len(CRON) and all(map(_is_cron_field, words, CRON.values()))
        if not is_schedule:
            allowed = ", ".join(f"{name} {low}-{high}" for name, (low, high) in CRON.items())
            raise ValueError(
                f'{cron!r} is no schedule; write five fields such as "0 3 * * *": {allowed}'
            )
        return cron

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError(
                f"{name!r} is no time zone; use an IANA name such as Asia/Shanghai or UTC"
            )
        return name


class FlowSettings(Settings):
    """The `[flows]` section: verbs as flows of a Prefect server, where one is configured."""

    require: bool = Field(
        False,
        description="where a Prefect server is configured and does not answer, wait for another "
        "try (exit code 75); false goes on without it, and says so",
    )


def _is_cron_field(field: str, bounds: tuple[int, int]) -> bool:
    """Say whether a field of cron holds words that cron knows, with its numbers within bounds."""
    value = rf"(\*|\d+|{NAMES})"
    if not re.fullmatch(rf"{value}([/,-]{value})*", field.lower()):
        return False
    # A number after a slash is a step, which may be larger than the field's numbers.
    numbers = re.findall(r"(?<![/\d])\d+", field)
    low, high = bounds
    return all(low <= int(number) <= high for number in numbers)


class Config(CoreConfig, BaseSettings):
    """The content of `fusion.toml`.

    Variables of the environment override keys: `FUSION_STORAGE__URL=...` that of `[storage] url`.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        env_prefix="FUSION_",
        env_nested_delimiter="__",
        hide_input_in_errors=True,
    )

    data: DataSettings = Field(description="What to read; only `interactions` has no default.")
    storage: StorageSettings = Field(
        StorageSettings(), description="The database of runs and lists."
    )
    monitor: MonitorSettings = Field(
        MonitorSettings(),
        description="How drift and stability are measured and when they become alerts.",
    )
    watch: WatchSettings = Field(
        WatchSettings(), description="What `fusion watch` takes for health."
    )
    retrain: RetrainSettings = Field(
        RetrainSettings(),
        description="When `fusion retrain` trains, and when the schedule asks.",
    )
    flows: FlowSettings = Field(
        FlowSettings(),
        description="Verbs as flows of a Prefect server, where one is configured.",
    )
    retention: RetentionSettings = Field(
        RetentionSettings(),
        description="Which runs stay when `fusion prune` removes old ones. What a slot shows, and "
        "what one rollback would return to, always stays.",
    )

    @property
    def core(self) -> CoreConfig:
        """The part that decides what is trained: without data, database and monitoring."""
        return CoreConfig(**{name: getattr(self, name) for name in CoreConfig.model_fields})

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file, which is handed over as arguments.

        Args:
            settings_cls: this class.
            init_settings: the arguments, that is the file.
            env_settings: the environment.
            dotenv_settings: a `.env` file, which is not read.
            file_secret_settings: a folder of secrets, which is not read.

        Returns:
            Sources of settings, the one that wins first.
        """
        return env_settings, init_settings


def read_config(path: Path) -> Config:
    """Read a configuration file.

    Args:
        path: of the file; TOML in UTF-8, a byte order mark is skipped.

    Returns:
        The configuration, frozen.

    Raises:
        ConfigError: the file cannot be read or is no configuration; the message names every wrong
            key with its section, the value's problem and the nearest known key.
    """
    try:
        content = read_toml(path)
    except FileNotFoundError as missing:
        raise ConfigError(
            f"no configuration at {path}; `fusion init FILE` writes one, --config names another"
        ) from missing
    refuse_unknown_variables()
    try:
        config = Config(**content)
    except ValidationError as wrong:
        problems = "\n".join(f"  {describe(error, Config)}" for error in wrong.errors())
        raise ConfigError(f"{path} is not a configuration:\n{problems}") from wrong
    except SettingsError as wrong:
        # Without its cause: that repeats the value, which may be a secret.
        raise ConfigError(
            f"the environment is no configuration: {wrong}; write FUSION_SECTION__KEY=value"
        ) from None
    except RecursionError:
        raise ConfigError("a variable FUSION_... nests brackets too deeply to be read") from None
    for named in named_outside(config):
        place = getattr(named.value, "url", named.value)
        require_text(f"{path}: {named.key}", str(place))
    return config


def refuse_unknown_variables() -> None:
    """Refuse variables of the environment that look like a setting and are none.

    Without it a misspelt section is passed over, and a run may end in another database than was
    meant.

    Raises:
        ConfigError: a variable begins with FUSION_ and names no section, though it has a key or is
            nearly one; the message names the nearest.
    """
    # Names are compared in any case, as pydantic reads them.
    prefix = Config.model_config["env_prefix"]
    delimiter = Config.model_config["env_nested_delimiter"] or "__"
    for variable in sorted(os.environ):
        name = variable.upper()
        if name.startswith(prefix):
            require_text(f"the environment's {variable!r}", variable + os.environ[variable])
        section, *keys = name.removeprefix(prefix).lower().split(delimiter)
        if not name.startswith(prefix) or section in Config.model_fields:
            continue
        close = get_close_matches(section, Config.model_fields, n=1)
        # Neither a key nor near a section: a variable of something else, as FUSION_FORGET_KEY.
        if not keys and not close:
            continue
        if close:
            meant = delimiter.join([prefix + close[0], *keys]).upper()
            hint = f" Did you mean {meant}?"
        else:
            hint = f" Known: {', '.join(Config.model_fields)}."
        raise ConfigError(f"the environment has {variable}, but there is no [{section}].{hint}")
