"""Requests and answers of ASGI: headers, cookies, forms, and answers in plain text."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import HTTPConnection

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

FORM = "application/x-www-form-urlencoded"
MOST_BYTES = 20_000
"""Of a form; the longest field is a reason."""
MOST_FIELDS = 20


def header_values(scope: Scope, name: bytes) -> list[str]:
    """Return the values of a header as they are; a header may be sent twice.

    Args:
        scope: of the request.
        name: of the header, in lower case.
    """
    headers = scope["headers"]
    return [value.decode("latin-1") for key, value in headers if key.lower() == name]


def cookie(scope: Scope, name: str) -> str:
    """Return the value of a cookie; "" where there is none.

    Args:
        scope: of the request.
        name: of the cookie.
    """
    return HTTPConnection(scope).cookies.get(name, "")


async def read_form(scope: Scope, receive: Receive) -> dict[str, str] | None:
    """Read the fields of a form.

    Args:
        scope: of the request.
        receive: of the request.

    Returns:
        Values by name, the last of each; None for what is no form, or a larger one than ours are.
    """
    kind = "".join(header_values(scope, b"content-type")).partition(";")[0]
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > MOST_BYTES:
            return None
    if kind.strip().lower() != FORM:
        return None
    try:
        text = body.decode("ascii")
        return dict(parse_qsl(text, True, errors="strict", max_num_fields=MOST_FIELDS))
    except ValueError:  # bytes that are no text, or too many fields
        return None


def with_headers(send: Send, headers: Mapping[str, str]) -> Send:
    """Add headers to those of an application, whose own of the same names are left out.

    Args:
        send: of the request.
        headers: values by name.
    """

    async def _send(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = message.get("headers", ())
            own = [pair for pair in given if pair[0].decode("latin-1").lower() not in headers]
            message = {**message, "headers": [*own, *encoded(headers)]}
        await send(message)

    return _send


def with_cookie(send: Send, value: str) -> Send:
    """Add a cookie to those that an application sets.

    Args:
        send: of the request.
        value: the whole of the header Set-Cookie.
    """

    async def _send(message: Message) -> None:
        if message["type"] == "http.response.start":
            added = (b"set-cookie", value.encode())
            message = {**message, "headers": [*message.get("headers", ()), added]}
        await send(message)

    return _send


async def answer_text(send: Send, status: int, sentence: str, headers: Mapping[str, str]) -> None:
    """Answer with a sentence.

    Args:
        send: of the request.
        status: of HTTP.
        sentence: for a person.
        headers: further ones.
    """
    body = f"{sentence}\n".encode()
    own = {"content-type": "text/plain; charset=utf-8", "content-length": str(len(body))}
    start = {"status": status, "headers": encoded({**headers, **own})}
    await send({"type": "http.response.start", **start})
    await send({"type": "http.response.body", "body": body})


def encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Return headers as ASGI takes them.

    Args:
        headers: values by name.
    """
    return [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
