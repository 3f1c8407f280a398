"""Causes of alarms: what an unusual figure means, whether data is broken by it, and what to do."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["fault", "change"]
"""A fault breaks the data, and a training on it would learn from the fault; a change is news."""


@dataclass(frozen=True)
class Cause:
    """A reason why a figure is beyond health.

    Attributes:
        code: of the cause.
        kind: whether data is broken or the world has moved.
        says: a clause that begins a sentence, with the subject and column in braces.
        do: what to look at next.
        explains: codes of causes that are but signs of this one, and are no alarms beside it.
    """

    code: str
    kind: Kind
    says: str
    do: str
    explains: tuple[str, ...] = ()


STALE = Cause(
    "stale",
    "fault",
    "no interactions have arrived",
    "Did the export run, and did it write where [data] interactions points?",
    explains=("missing",),
)
MISSING = Cause(
    "missing",
    "fault",
    "interactions are missing",
    "Compare the export with its source for these days, and write it again.",
)
FEWER = Cause(
    "fewer",
    "change",
    "there is less going on than usual",
    "A holiday, an outage, or a quieter season? If it stays, acknowledge it as expected.",
)
MORE = Cause(
    "more",
    "change",
    "there is more going on than usual",
    "A campaign or a new market? If it stays, acknowledge it as expected.",
)
DOUBLED = Cause(
    "doubled",
    "fault",
    "rows are repeated",
    "Was a file delivered or appended twice? Remove the second copy.",
    explains=("rewritten",),
)
REKEYED = Cause(
    "rekeyed",
    "fault",
    "ids of {subject} are not those of before",
    "Did the ids change, in the export or in the source? Map them back to the old ones.",
    explains=("shrunk", "rewritten"),
)
NEWCOMERS = Cause(
    "newcomers",
    "change",
    "the share of new {subject} is not as usual",
    "A campaign or a new range? The live lists do not know them: retrain.",
)
UNREADABLE = Cause(
    "unreadable",
    "fault",
    "cells of {column} are missing or cannot be read",
    "Look at the newest rows of the export: did a column, its type or its format change?",
)
UNIT = Cause(
    "unit",
    "fault",
    "{column} is in another unit",
    "Did the source change what it writes, such as cents in the place of euros?",
    explains=("rewritten",),
)
CONSTANT = Cause(
    "constant",
    "fault",
    "{column} says the same nearly everywhere",
    "Is the column still filled by its source, or by a default?",
    explains=("rewritten", "unit"),
)
WEIGHTS = Cause(
    "weights",
    "change",
    "the weights of events are not as usual",
    "Do users rate or buy differently, or did an event get another weight?",
)
LIKED = Cause(
    "liked",
    "change",
    "the share of liked interactions is not as usual",
    "It is what [data] positive counts: did the weights move, or what users like?",
)
BOTS = Cause(
    "bots",
    "fault",
    "a few accounts or items hold most of what happens",
    "Look at the busiest users and items: crawlers, tests, or a script?",
    explains=("constant", "vocabulary", "doubled", "unit"),
)
CROWDED = Cause(
    "crowded",
    "change",
    "events gather on fewer users or items than usual",
    "A hit, a campaign, or accounts that are no people?",
)
CLOCK = Cause(
    "clock",
    "fault",
    "the hours of the day are shifted",
    "Did the time zone of the export change? [data] timezone says how times are read.",
    explains=("rewritten",),
)
RHYTHM = Cause(
    "rhythm",
    "change",
    "events fall on other {column} than usual",
    "Did opening hours, mailings or the market change?",
)
VOCABULARY = Cause(
    "vocabulary",
    "fault",
    "{column} of {subject} holds other values than before",
    "Did the column get another meaning, another coding or the rows of another shop?",
    explains=("rewritten",),
)
MIX = Cause(
    "mix",
    "change",
    "the mix of {column} of {subject} has moved",
    "Do other {subject} come than before? If it stays, retrain.",
)
TASTE = Cause(
    "taste",
    "change",
    "people choose other things than their past says",
    "The live lists follow that past: look at realised quality, and retrain.",
)
BLANK = Cause(
    "blank",
    "fault",
    "{column} of {subject} is empty",
    "Is the column still filled by its source?",
    explains=("rewritten",),
)
OUTSIDE = Cause(
    "outside",
    "fault",
    "events are on items that the items file does not name",
    "Is the items file older than the interactions, or cut short?",
)
SHRUNK = Cause(
    "shrunk",
    "fault",
    "the file of {subject} lacks rows that it had",
    "Is the file cut short? Write it again.",
    explains=("outside",),
)
REWRITTEN = Cause(
    "rewritten",
    "fault",
    "{column} of {subject} known before has other values",
    "Was the past written anew, or do rows carry the values of others?",
)
QUALITY = Cause(
    "quality",
    "change",
    "the lists do less than was promised",
    "Did taste, range or the way lists are shown change? Look at the other alerts, and retrain; "
    "`fusion rollback` shows the run before.",
)
CAUSES = {cause.code: cause for cause in list(globals().values()) if isinstance(cause, Cause)}
"""Every cause by its code."""
