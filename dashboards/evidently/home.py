"""A user without a home folder, for whom a library of Evidently would not be imported."""

import os
from importlib import import_module

NO_FOLDER = "/nonexistent"
"""The home of users who have none, as Debian has it."""


def import_nltk() -> None:
    """Import NLTK, which Evidently imports, also where the user has no home.

    The user of a container is often a number alone. NLTK then knows no folder to download into,
    and refuses to be imported; nothing is ever downloaded here.
    """
    has_home = os.path.expanduser("~") != "~"
    if has_home:
        return
    os.environ["HOME"] = NO_FOLDER
    try:
        import_module("nltk")
    finally:
        # Whoever looks for a home later, such as Prefect, has an answer of its own to none.
        del os.environ["HOME"]
