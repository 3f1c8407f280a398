"""Interactions without any fault, for tests to plant one in."""

from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2024, 1, 1, tzinfo=UTC)


def plain_rows(n_users: int = 60, n_items: int = 12) -> list[dict[str, Any]]:
    """Each user with every second item, each item on a day of its own, with weights 1 to 5."""
    return [
        {
            "user": f"{user}",
            "item": f"{item}",
            "time": (START + timedelta(days=item, minutes=user)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "weight": f"{1 + (user + item) % 5}",
        }
        for item in range(1, n_items + 1)
        for user in range(1, n_users + 1)
        if (user + item) % 2
    ] + [
        {"user": f"{user}", "item": "1", "time": f"2024-03-01T00:{user:02}:00Z", "weight": "3"}
        for user in (1, 3, 5)
    ]


def clean_rows() -> list[dict[str, Any]]:
    """1,200 interactions of 100 users with 24 items: enough not to be called too few."""
    return plain_rows(100, 24)[:-3]
