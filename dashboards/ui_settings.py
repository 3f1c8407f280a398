"""The `[ui]` section: where the dashboards listen, who opens them, and whether they write."""

import re
from ipaddress import ip_address

from pydantic import Field, SecretStr, field_validator

from fusion.core.settings import Settings

HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]*")
"""Names of HTTP headers (RFC 9110, 5.6.2); empty for none."""
NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\]")
"""Names of machines as the header Host has them, without a port."""


class UiSettings(Settings):
    """The `[ui]` section: where the dashboards listen, who opens them, whether they write."""

    host: str = Field(
        "127.0.0.1",
        min_length=1,
        description="address that `fusion ui` listens on; any but that of the machine itself needs "
        "a token or a trusted_header",
    )
    names: tuple[str, ...] = Field(
        (),
        description="names, without ports, under which browsers may ask for the pages beside "
        "`localhost` and `host`: that of a proxy, such as fusion.example.org",
    )
    token: SecretStr | None = Field(
        None,
        min_length=16,
        description="what a person types to open the dashboards, or a program sends as "
        "`Authorization: Bearer`: FUSION_UI__TOKEN, 16 characters or more, keeps it out of the "
        "file; default: none is asked for",
    )
    trusted_header: str = Field(
        "",
        description="header in which a proxy in front says who the person is, such as "
        "X-Forwarded-User; requests without it get nothing. Empty: no header is believed",
    )
    write: bool = Field(
        False,
        description="let people acknowledge alerts, approve, reject, roll back and block on the "
        "pages; false: they only read",
    )

    @field_validator("trusted_header")
    @classmethod
    def _is_header(cls, name: str) -> str:
        if not HEADER.fullmatch(name):
            raise ValueError("is no name of a header; write one such as X-Forwarded-User")
        return name

    @field_validator("names")
    @classmethod
    def _are_names(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if not NAME.fullmatch(name):
                raise ValueError(
                    f"{name!r} is no name of a machine; write one such as fusion.example.org, "
                    "without https:// and port"
                )
        return names


def is_loopback(host: str) -> bool:
    """Return whether an address is reached from its own machine alone.

    Args:
        host: an address, or a name; of names only `localhost` is one.
    """
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
