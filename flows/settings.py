"""The whole configuration: one TOML file, overlaid by environment variables, refused with the cure when wrong."""

import os
import re
import tomllib
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
from fusion.config import CoreConfig
from fusion.core.settings import Settings, describe
from fusion.errors import ConfigError
from fusion.ingest.settings import DataSettings
from storage.database.settings import StorageSettings

CRON = {"minute": (0, 59), "hour": (0, 23), "day": (1, 31), "month": (1, 12), "weekday": (0, 7)}
"""The five fields of a schedule and the numbers they take."""
NAMES = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|sun|mon|tue|wed|thu|fri|sat"


class RetrainSettings(Settings):
    """The `[retrain]` section: when `fusion retrain` trains, and when the schedule asks."""

    cron: str = Field(
        "0 3 * * *", description="when the schedule asks the policy, in cron's five fields"
    )
    timezone: str = Field("UTC", description="time zone of `cron`, such as Asia/Shanghai")
    max_age: float = Field(
        7.0, gt=0, description="days after its training at which the live run is too old"
    )
    cooldown: float = Field(
        6.0,
        ge=0,
        description="hours after a training, published or refused, before the next is due",
    )

    @field_validator("cron")
    @classmethod
    def _five_fields(cls, cron: str) -> str:
        fields = cron.split()
        if len(fields) != len(CRON) or not all(map(_comes, fields, CRON.values())):
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


class RetentionSettings(Settings):
    """The `[retention]` section: which runs stay when `fusion prune` removes old ones.

    What a slot shows, and what one rollback would return to, always stays.
    """

    runs: int = Field(
        10, ge=1, description="newest runs of the placement, published or refused, that stay"
    )
    days: float = Field(
        30.0, ge=0, description="a run that a slot showed within so many days stays"
    )
    prune: bool = Field(True, description="`fusion run` and `fusion retrain` prune when they end")


def _comes(field: str, bounds: tuple[int, int]) -> bool:
    """Whether a field of cron holds only words that cron knows, its numbers, steps aside, within bounds."""
    written = re.fullmatch(rf"(\*|\d+|{NAMES})([/,-](\*|\d+|{NAMES}))*", field.lower())
    numbers = map(int, re.findall(r"(?<![/\d])\d+", field))
    return bool(written) and all(bounds[0] <= number <= bounds[1] for number in numbers)


class Config(CoreConfig, BaseSettings):
    """Everything `fusion.toml` holds. `FUSION_STORAGE__URL=...` in the environment overrides `[storage] url`."""

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
    retrain: RetrainSettings = Field(
        RetrainSettings(),
        description="When `fusion retrain` trains, and when the schedule asks.",
    )
    retention: RetentionSettings = Field(
        RetentionSettings(),
        description="Which runs stay when `fusion prune` removes old ones. What a slot shows, and "
        "what one rollback would return to, always stays.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file, which is handed over as arguments."""
        return env_settings, init_settings


def read_config(path: Path) -> Config:
    """Read a configuration file.

    Raises ConfigError that names every wrong key with its section, the value's problem and the
    nearest known key.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as missing:
        raise ConfigError(
            f"no configuration at {path}; `fusion init FILE` writes one, --config names another"
        ) from missing
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise ConfigError(f"{path} is not valid TOML: {wrong}") from wrong
    except OSError as wrong:
        raise ConfigError(f"cannot read {path}: {wrong.strerror}") from wrong
    refuse_unknown_variables()
    try:
        return Config(**content)
    except ValidationError as wrong:
        problems = "\n".join(f"  {describe(error, Config)}" for error in wrong.errors())
        raise ConfigError(f"{path} is not a configuration:\n{problems}") from wrong
    except SettingsError as wrong:  # without its cause, which repeats the value
        raise ConfigError(
            f"the environment is no configuration: {wrong}; write FUSION_SECTION__KEY=value"
        ) from None


def refuse_unknown_variables() -> None:
    """Raise ConfigError for what looks like a setting in the environment and is none, naming the nearest.

    Without it a misspelt section is passed over, and a run may end in another database than was
    meant.
    """
    prefix, deeper = (
        Config.model_config["env_prefix"],
        Config.model_config["env_nested_delimiter"] or "__",
    )
    for variable in sorted(os.environ):
        section, *keys = variable.upper().removeprefix(prefix).lower().split(deeper)
        if not variable.upper().startswith(prefix) or section in Config.model_fields:
            continue
        close = get_close_matches(section, Config.model_fields, n=1)
        if keys or close:
            meant = deeper.join([prefix + close[0], *keys]).upper() if close else ""
            hint = (
                f" Did you mean {meant}?" if close else f" Known: {', '.join(Config.model_fields)}."
            )
            raise ConfigError(f"the environment has {variable}, but there is no [{section}].{hint}")
