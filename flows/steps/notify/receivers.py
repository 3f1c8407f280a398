"""Receivers as `[notify] urls` names them; none of their secrets is ever shown."""

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol
from urllib.parse import SplitResult, unquote, urlsplit

from flows.notify_settings import NotifySettings
from flows.steps.notify.apprise_receiver import open_apprise
from flows.steps.notify.webhook import Undelivered, Webhook
from fusion.core.extras import require_extras
from fusion.errors import ConfigError
from fusion.masking import HIDDEN, mask_secrets

log = logging.getLogger(__name__)
WEBHOOKS = ("http", "https")
"""Schemes of receivers that get our own JSON."""
_LEAST = 4
"""Letters of a part of a URL from which on it may be a secret, and is masked in errors."""
_PARTS = re.compile(r"[/?&=:@,;+ ]+")


class Sender(Protocol):
    """Something that sends a message, or raises `Undelivered`."""

    def send(self, body: dict[str, Any], seconds: float) -> None:
        """Send a message.

        Args:
            body: of the message.
            seconds: that the receiver may take.

        Raises:
            Undelivered: it did not take it.
        """


@dataclass(frozen=True)
class Receiver:
    """One of `[notify] urls`.

    Attributes:
        number: its place there, from 1.
        name: its kind and host, where they are no secret.
        mark: tells it from others, without a way back to its URL.
        sender: sends to it.
        secrets: parts of its URL, which no error may show.
    """

    number: int
    name: str
    mark: str
    sender: Sender
    secrets: tuple[str, ...]

    def masked(self, text: str) -> str:
        """Take the parts of its URL out of a text.

        Args:
            text: that a library or a server gave.
        """
        return _masked(text, self.secrets)


def receivers(settings: NotifySettings) -> list[Receiver]:
    """Make the receivers of the configuration; nothing is sent.

    Args:
        settings: `[notify]`.

    Returns:
        In their order.

    Raises:
        ConfigError: a URL is none that Apprise knows, with its number and scheme alone.
        MissingExtra: one needs Apprise, which is not installed.
    """
    return [
        _receiver(number, url.get_secret_value(), settings)
        for number, url in enumerate(settings.urls, 1)
    ]


def _receiver(number: int, url: str, settings: NotifySettings) -> Receiver:
    scheme = url.partition("://")[0].lower()
    sender: Sender
    if scheme in WEBHOOKS:
        parts = _split(number, url)
        key = settings.secret.get_secret_value() if settings.secret else None
        name = f"webhook {number} ({scheme}://{parts.hostname})"
        sender = Webhook(url, key)
        # The host is shown, and is no secret here.
        secrets = _secrets([parts.netloc.rpartition("@")[0], parts.path, parts.query])
        return Receiver(number, name, _mark(url), sender, secrets)
    require_extras(f"number {number} of [notify] urls ({scheme}://{HIDDEN})", "notify")
    # Whatever follows the scheme may be a token: hosts of chats are.
    secrets = _secrets([url.partition("://")[2]])
    try:
        sender = open_apprise(url)
    except Undelivered as unknown:
        why = f" ({_masked(str(unknown), secrets)})" if str(unknown) else ""
        raise ConfigError(
            f"number {number} of [notify] urls, {scheme}://{HIDDEN}, is no address that Apprise "
            f"knows{why}; correct it as its page of services says: "
            "https://appriseit.com/services/"
        ) from None
    return Receiver(number, f"{scheme} {number}", _mark(url), sender, secrets)


def usable_receivers(settings: NotifySettings) -> list[Receiver]:
    """Make the receivers of the configuration; one whose URL is none is named in the log.

    Args:
        settings: `[notify]`.

    Returns:
        All others, in their order.
    """
    usable = []
    for number, url in enumerate(settings.urls, 1):
        try:
            usable.append(_receiver(number, url.get_secret_value(), settings))
        except ConfigError as wrong:
            log.warning("not told: %s", wrong)
    return usable


def _masked(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return mask_secrets(text)


def _split(number: int, url: str) -> SplitResult:
    """Split the URL of a webhook; ConfigError without a host."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        parts = SplitResult("", "", "", "", "")
    if not parts.hostname:
        raise ConfigError(
            f"number {number} of [notify] urls is no address of a webhook; write "
            "https://host/path, or https://host:8443/path"
        )
    return parts


def _mark(url: str) -> str:
    """Return what tells a receiver from others; of passwords and queries it knows nothing."""
    scheme, _, rest = url.partition("://")
    user_info, sign, place = rest.partition("?")[0].rpartition("@")
    user = user_info.partition(":")[0]
    return sha256(f"{scheme.lower()}://{user}{sign}{place}".encode()).hexdigest()[:12]


def _secrets(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the parts of a URL that may be secrets, the longest first."""
    words: set[str] = set()
    for text in texts:
        for word in _PARTS.split(text):
            words |= {word, unquote(word)}
        words.add(text)
    return tuple(sorted((word for word in words if len(word) >= _LEAST), key=len, reverse=True))
