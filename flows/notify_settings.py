"""The `[notify]` section: who is told of what, and how often."""

import json
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from fusion.core.settings import Settings

Subject = Literal["alert", "resolved", "refused", "failed", "published", "temporary"]
"""What `[notify] on` names."""
Urls = Annotated[tuple[SecretStr, ...], NoDecode]


class NotifySettings(Settings):
    """The `[notify]` section: who is told of what, and how often.

    Nothing here changes what a run computes.
    """

    urls: Urls = Field(
        (),
        description="who is told: `https://...` is a webhook, any other URL is one of Apprise, "
        "such as mailtos://user:password@host?to=ann@host. They hold secrets: "
        "FUSION_NOTIFY__URLS, with spaces between them, keeps them out of the file",
    )
    secret: SecretStr | None = Field(
        None,
        min_length=16,
        description="signs what webhooks get: FUSION_NOTIFY__SECRET, 16 characters or more; "
        "default: unsigned",
    )
    on: tuple[Subject, ...] = Field(
        ("alert", "resolved", "refused", "failed"),
        description="what is told: alerts raised or grown worse, alerts resolved, runs refused, "
        "verbs and runs that failed, what goes live, and failures that a later try may mend",
    )
    quiet: float = Field(
        6.0,
        gt=0,
        le=8760,
        description="hours after a message in which nothing more of the same cause is told",
    )
    seconds: float = Field(
        10.0, gt=0, le=600, description="how long a verb waits, at its end, for all receivers"
    )
    give_up: float = Field(
        72.0, gt=0, le=8760, description="hours for which a message is sent again that nobody took"
    )

    @field_validator("urls", mode="before")
    @classmethod
    def _split(cls, urls: Any) -> Any:
        """Read the text of an environment variable: a JSON list, or URLs with spaces between."""
        if not isinstance(urls, str):
            return urls
        return json.loads(urls) if urls.lstrip().startswith("[") else urls.split()

    @field_validator("urls")
    @classmethod
    def _with_scheme(cls, urls: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for number, url in enumerate(urls, 1):
            scheme, sign, rest = url.get_secret_value().partition("://")
            if not (scheme and sign and rest):
                raise ValueError(
                    f"number {number} is no URL; write scheme://..., such as https://host/path or "
                    "mailtos://user@host?to=ann@host"
                )
        return urls
