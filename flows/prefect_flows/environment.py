"""Prefect's environment, set before Prefect is imported: private, and locked where it serves."""

import os
import secrets
import sys

from flows.prefect_flows.api import configured

DEFAULTS = {
    # Nothing leaves the machine unasked.
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
    "PREFECT_TELEMETRY_ENABLE_RESOURCE_METRICS": "false",
    "PREFECT_LOGGING_EXTRA_LOGGERS": "fusion,storage,dashboards,flows",
    # What is logged between flow runs stands on the terminal, and Prefect warns of each such line.
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    # Prefect gives its temporary server 20 s, which a busy machine needs for the first start alone.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
}
"""What holds unless the environment says otherwise."""
SERVER_SECRET = "PREFECT_SERVER_API_AUTH_STRING"
CLIENT_SECRET = "PREFECT_API_AUTH_STRING"
ORIGINS = "PREFECT_SERVER_CORS_ALLOWED_ORIGINS"
NO_ORIGIN = "https://none.invalid"
"""An origin that no page can have (RFC 2606)."""
_SECRET_BYTES = 32


def prepare() -> None:
    """Set Prefect's environment for this process and those that it starts.

    A temporary server, which Prefect starts where no API is configured, runs any flow that a client
    names, as its user: it gets a secret that only this process and its children know, and answers
    no page of a browser.
    """
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    # A configured server has its own secret, if any.
    if not configured():
        _lock_temporary_server()
    if "prefect" in sys.modules:
        from prefect.context import refresh_global_settings_context  # noqa: PLC0415

        # It has read its environment already, and does so once.
        refresh_global_settings_context()


def _lock_temporary_server() -> None:
    # In the environment alone, which the operating system shows to no other user. One that is
    # there already is kept: a server that it locks may be running.
    secret = os.environ.get(SERVER_SECRET) or f"fusion:{secrets.token_urlsafe(_SECRET_BYTES)}"
    os.environ[SERVER_SECRET] = secret
    os.environ[CLIENT_SECRET] = secret
    os.environ[ORIGINS] = NO_ORIGIN
