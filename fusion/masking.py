"""Secrets in text: passwords and tokens of URLs and connection strings become `***`.

What people see, what logs say and what is stored passes here: a URL may stand where a path, a name
or a reason was meant, so that no place can tell by itself whether its text holds a secret.
"""

import re
from typing import Any
from urllib.parse import unquote

HIDDEN = "***"
"""Stands where a secret stood."""
_MAX_DECODINGS = 3
"""Rounds of percent-encoding that are looked through; URLs in queries of URLs have two."""

# `http://host:8000/page` followed by the end of a word has a port there, and no password.
_PORT = r"""\d+(?:[/?#][^@\s]*)?[^\w@\s]*(?:\s|$)"""
# A password may hold spaces, but no other URL.
_SPACED = r"(?:(?!://)[^@\n])*"
# Paths collapse slashes, so that one will do. SQLAlchemy ends a password at the first @; people
# forget to encode one, so that the last of the word ends it here. The scheme before the colon is
# only looked back at: to search for its beginning takes the square of a long word's letters.
_USER_INFO = re.compile(
    rf"(?<=[a-z0-9+.-])(?P<before>:/+[^\s:/]*:)(?!{_PORT})(?:\S*@|{_SPACED}@(?:\S*@)?)",
    re.IGNORECASE,
)
# For the same reason a word is looked at once, from where it begins, and is not given back.
_SECRET_KEY = r"""(?<![\w.-])(?=[\w.-]*?(?:
    passw(?:or)?d | passphrase | pwd | token | secret | credential | odbc_connect
    | (?:api|access|private|forget)[_-]?key | (?<![a-z])pass(?![a-z])
))[\w.-]++"""
# A value in braces or quotes ends with them, any other at white space or the next parameter.
_VALUE = r"""(?: \{[^}\n]*\}[^\s&]* | "[^"\n]*" | '[^'\n]*' | [^\s&]+ )"""
# One that is masked already keeps what follows it, such as the comma of a sentence.
_MASKED = r"\*{3}[^\w\s&]*(?:[\s&]|$)"
_PARAMETER = re.compile(
    rf"(?P<before>{_SECRET_KEY}\s?=\s?)(?!{_MASKED}){_VALUE}", re.IGNORECASE | re.VERBOSE
)
_ENCODED_WORD = re.compile(r"\S*%[0-9a-f]{2}\S*", re.IGNORECASE)


def mask_secrets(text: str) -> str:
    """Replace passwords and tokens by `***`.

    These are the password of a URL, also of one that became a path, and the values of parameters
    such as `password`, `passphrase`, `token` or `odbc_connect`, in a query or a connection string.
    Percent-encoding hides neither.

    Args:
        text: anything that is shown, logged or stored.

    Returns:
        The text, unchanged where it holds no secret; masking it again changes nothing.
    """
    return _mask(text, _MAX_DECODINGS)


def mask_all(content: Any) -> Any:
    """Mask every text of a document.

    Args:
        content: an object, list or value of JSON.

    Returns:
        A copy.
    """
    if isinstance(content, str):
        return mask_secrets(content)
    if isinstance(content, dict):
        return {mask_all(key): mask_all(value) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [mask_all(each) for each in content]
    return content


def _mask(text: str, decodings: int) -> str:
    text = _USER_INFO.sub(rf"\g<before>{HIDDEN}@", text)
    text = _PARAMETER.sub(rf"\g<before>{HIDDEN}", text)
    if "%" not in text or not decodings:
        return text

    def _mask_decoded(word: re.Match[str]) -> str:
        plain = unquote(word[0])
        masked = _mask(plain, decodings - 1)
        # A word without a secret stays encoded, as it was written.
        return word[0] if masked == plain else masked

    return _ENCODED_WORD.sub(_mask_decoded, text)
