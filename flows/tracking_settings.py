"""The `[tracking]` section: where runs are tracked as experiments."""

from typing import Literal

from pydantic import Field

from fusion.core.settings import Settings

Tool = Literal["mlflow", "tensorboard"]


class TrackingSettings(Settings):
    """The `[tracking]` section: where runs are tracked as experiments.

    Nothing here changes what a run computes.
    """

    to: Tool | None = Field(
        None, description="the tool, which needs the extra of its name; default: none"
    )
    uri: str | None = Field(
        None,
        description="of `mlflow` the tracking server, by default MLflow's own; of `tensorboard` a "
        "folder, by default `tensorboard`. Passwords belong into the environment that MLflow reads",
    )
    seconds: float = Field(
        60.0, gt=0, le=3600, description="how long a run waits, at its end, for the tool"
    )
