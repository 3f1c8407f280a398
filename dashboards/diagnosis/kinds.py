"""Kinds and severities of causes, each in the order in which causes are ranked."""

from typing import Literal

Kind = Literal["data", "candidates", "ranker", "rules", "publish", "unknown", "chance"]
"""Where a fault is. What is broken upstream shows in everything below it, so that comes first."""
Severity = Literal["alarm", "look", "none"]
"""Something is broken, something moved, nothing did."""
KINDS: tuple[Kind, ...] = (
    "data",
    "candidates",
    "ranker",
    "rules",
    "publish",
    "unknown",
    "chance",
)
SEVERITIES: tuple[Severity, ...] = ("alarm", "look", "none")
