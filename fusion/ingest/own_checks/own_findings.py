"""Kinds of findings of the user's own checks, by what each check asks for."""

from fusion.core.findings import FindingKind, declare

MAX_QUARANTINED = 0.1
"""Share of a table's rows above which a quarantine is an error: a check that puts aside more is
wrong itself, or the data is another; training on the rest would go unnoticed."""
MEND = "Mend the rows where the data comes from, or correct the check in [[data.checks]]."

WARNED = declare(
    FindingKind(
        code="own_check_warns",
        severity="warning",
        what='rows that break a check of [[data.checks]] with severity = "warn"',
        happens="they are kept",
        cure=MEND,
    )
)
QUARANTINED = declare(
    FindingKind(
        code="own_check_quarantines",
        severity="warning",
        what='rows that break a check of [[data.checks]] with severity = "quarantine"',
        happens="they are left out; a run keeps them in quarantine/ of its folder",
        cure=f"{MEND} Mended rows are used again by the next run.",
        limit=MAX_QUARANTINED,
    )
)
REFUSED = declare(
    FindingKind(
        code="own_check_refuses",
        severity="error",
        what='a table that breaks a check of [[data.checks]] with severity = "refuse"',
        happens="nothing is trained",
        cure=MEND,
    )
)
UNUSABLE = declare(
    FindingKind(
        code="own_check_unusable",
        severity="error",
        what="a check of [[data.checks]] that cannot be carried out on the table's columns",
        happens="nothing is read",
        cure="Correct the check in [[data.checks]].",
    )
)
OF_ACTION = {"warn": WARNED, "quarantine": QUARANTINED, "refuse": REFUSED}
"""Kind of finding by the severity of the check."""
