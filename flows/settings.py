"""The whole configuration: one TOML file, overlaid by environment variables.

What is wrong in it is refused with the cure.
"""

import os
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from dashboards.settings import MonitorSettings
from dashboards.ui_settings import UiSettings
from flows.cron import CronOrNever
from flows.notify_settings import NotifySettings
from flows.retention_settings import RetentionSettings
from flows.retrain_settings import RetrainSettings
from flows.tracking_settings import TrackingSettings
from fusion.config import CoreConfig, ListSettings
from fusion.core.settings import Settings, describe, named_outside, require_text
from fusion.core.toml_file import read_toml
from fusion.errors import ConfigError
from fusion.ingest.settings import DataSettings
from fusion.watching.settings import WatchSettings
from storage.database.settings import StorageSettings


class LogSettings(Settings):
    """The `[log]` section: how the command line logs."""

    format: Literal["text", "json"] = Field(
        "text",
        description="`json` writes one object a line to stderr, with rows, seconds and peak memory "
        "of each stage",
    )


class WatchConfig(WatchSettings):
    """The `[watch]` section: when the schedule watches, and what it takes for health."""

    cron: CronOrNever = Field(
        "0 * * * *",
        description="when the schedule watches, in cron's five fields and the time zone of "
        '`[retrain]`; "" leaves watching to `fusion watch`',
    )


class ListConfig(ListSettings):
    """The `[lists]` section: what is published, and what is stored beside it."""

    history: int = Field(
        0,
        ge=0,
        le=1000,
        description="last events of each served user that are stored in SQL, for the page of a "
        "user in `fusion ui`: personal data, so that 0, none, is the default",
    )


class FlowSettings(Settings):
    """The `[flows]` section: verbs as flows of a Prefect server, where one is configured."""

    require: bool = Field(
        False,
        description="where a Prefect server is configured and does not answer, wait for another "
        "try (exit code 75); false goes on without it, and says so",
    )


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
    lists: ListConfig = Field(ListConfig(), description="What is published.")
    monitor: MonitorSettings = Field(
        MonitorSettings(),
        description="How drift and stability are measured and when they become alerts.",
    )
    watch: WatchConfig = Field(
        WatchConfig(), description="When the schedule watches, and what is taken for health."
    )
    retrain: RetrainSettings = Field(
        RetrainSettings(),
        description="When `fusion retrain` trains, and when the schedule asks.",
    )
    log: LogSettings = Field(LogSettings(), description="How the command line logs.")
    flows: FlowSettings = Field(
        FlowSettings(),
        description="Verbs as flows of a Prefect server, where one is configured.",
    )
    ui: UiSettings = Field(
        UiSettings(),
        description="Where the dashboards listen, who may open them, and whether they may write.",
    )
    tracking: TrackingSettings = Field(
        TrackingSettings(), description="Where runs are tracked as experiments; nowhere by default."
    )
    notify: NotifySettings = Field(
        NotifySettings(), description="Who is told of what, and how often; nobody by default."
    )
    retention: RetentionSettings = Field(
        RetentionSettings(),
        description="Which runs stay when `fusion prune` removes old ones. What a slot shows, and "
        "what one rollback would return to, always stays.",
    )

    @property
    def core(self) -> CoreConfig:
        """The part that decides what is trained: without data, database and monitoring."""
        fields = {name: getattr(self, name) for name in CoreConfig.model_fields}
        lists = {name: getattr(self.lists, name) for name in ListSettings.model_fields}
        return CoreConfig(**{**fields, "lists": ListSettings(**lists)})

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
