"""Accounts that seem to act together to promote items: counted, left out, or counted for less."""

from dataclasses import dataclass, field

import numpy as np

from fusion.core.arrays import Flags, Rows
from fusion.core.findings import EXAMPLES, Finding, FindingKind, declare
from fusion.core.hashing import shares
from fusion.data.dataset import Dataset
from fusion.data.suspicion.judge import suspicious_users
from fusion.ingest.settings import DataSettings

KEPT_SHARE = 0.1
"""Of the events of suspected accounts that `downweight` keeps: most sources read no weights."""
SEED = 29
"""Of the draw of these events, the same in every training."""

SUSPICIOUS = declare(
    FindingKind(
        code="suspicious_users",
        severity="warning",
        what="accounts that seem to promote items together",
        happens="they train as everyone does",
        cure="Look at the items named, and at who took them; where that is a campaign, set [data] "
        'suspicious = "drop", or list the accounts in [data] opt_out.',
    )
)
TREATED = declare(
    FindingKind(
        code="suspicious_users_treated",
        severity="warning",
        what='such accounts under [data] suspicious = "drop" or "downweight"',
        happens="they are left out, and get the fallback; or a tenth of their events trains",
        cure="Nothing needs doing: it counts them.",
    )
)
HAPPENS = {
    "warn": "they train as everyone does",
    "drop": "they are left out, and get the fallback",
    "downweight": "a tenth of their events trains",
}


@dataclass(frozen=True)
class Suspects:
    """Suspected accounts of a dataset, and what is to become of them.

    Attributes:
        treatment: `[data] suspicious`.
        users: (n,) rows.
        findings: how many there are and which items they promote, never who they are.
        notes: how many of their interactions do not train.
    """

    treatment: str
    users: Rows
    findings: list[Finding] = field(default_factory=list)
    notes: dict[str, int] = field(default_factory=dict)

    @classmethod
    def find(cls, settings: DataSettings, data: Dataset) -> "Suspects":
        """Judge the users of a dataset, unless they are to be kept unseen.

        Args:
            settings: the `[data]` section.
            data: all interactions.

        Returns:
            The suspects; nobody where nobody looks.
        """
        treatment = settings.suspicious
        if treatment == "keep" or not len(data):
            return cls(treatment, np.zeros(0, np.int32))
        suspicion = suspicious_users(data)
        if not suspicion:
            return cls(treatment, suspicion.users)
        ids = data.item_ids.texts(suspicion.items[:EXAMPLES])
        examples = []
        for item, count in zip(ids, suspicion.counts.tolist(), strict=False):
            examples.append({"item": item, "suspected": count})
        n_users, n_active = len(suspicion.users), int(np.count_nonzero(data.user_counts))
        n_events = int(data.user_counts[suspicion.users].sum())
        message = (
            f"{n_users} of {n_active} accounts with {n_events} interactions seem to promote "
            f"{len(suspicion.items)} items together; {HAPPENS[treatment]}"
        )
        kind = SUSPICIOUS if treatment == "warn" else TREATED
        finding = kind.finding("users", n_users, message, examples, total=n_active)
        notes = {}
        if treatment == "drop":
            notes["suspicious_interactions"] = n_events
        if treatment == "downweight":
            notes["suspicious_interactions"] = int((~_kept(data, suspicion.users)).sum())
        return cls(treatment, suspicion.users, [finding], notes)

    @property
    def are_dropped(self) -> bool:
        """True where there are some, and none of them may train."""
        return self.treatment == "drop" and len(self.users) > 0

    def thinned(self, data: Dataset) -> Dataset:
        """Take most events of suspects away, where they are to count for less.

        Args:
            data: in which they were found.

        Returns:
            The dataset itself where nothing goes.
        """
        if self.treatment != "downweight" or not len(self.users):
            return data
        return data.take(_kept(data, self.users))


def _kept(data: Dataset, users: Rows) -> Flags:
    """Flag the events (N,) that stay where those of some users are thinned."""
    is_suspect = np.zeros(data.n_users, bool)
    is_suspect[users] = True
    # By hash of the pair: which of its items count is nothing that an account could arrange.
    kept: Flags = ~is_suspect[data.users]
    kept |= shares(SEED, data.users, data.items) < KEPT_SHARE
    return kept
