"""Whether the configured Prefect server accepts the credentials of this process."""

from prefect import get_client
from prefect.exceptions import PrefectHTTPStatusError

REFUSALS = (401, 403)
"""Status codes of HTTP that say: not with these credentials."""


def are_accepted() -> bool:
    """Say whether a request with our credentials is let in.

    Returns:
        False where the server says that they are wrong or missing; another failure is left to
        whoever asks the server for something.
    """
    try:
        with get_client(sync_client=True) as client:
            # Its page of health answers everybody.
            client.hello()
    except PrefectHTTPStatusError as refused:
        return refused.response.status_code not in REFUSALS
    return True
