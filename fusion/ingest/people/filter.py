"""The filter that every row of users passes: who is left out, and under which id others go on."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import polars as pl

from fusion.core.findings import Finding, FindingKind, declare
from fusion.ingest.checks.registry import WrittenIds
from fusion.ingest.people.pseudonyms import KEY, Pseudonyms

IsForgotten = Callable[[pl.Series], pl.Series]
"""Flags outside ids of users (n,) -> (n,) bool: True for people who asked to be forgotten."""

FORGOTTEN = declare(
    FindingKind(
        code="forgotten_users",
        severity="warning",
        what="rows of people who were forgotten by `fusion forget`",
        happens="they are left out",
        cure="Delete the rows where the data comes from.",
    )
)
OPTED_OUT = declare(
    FindingKind(
        code="opted_out_users",
        severity="warning",
        what="rows of users who opted out",
        happens="they are left out, and their users get the fallback",
        cure="Nothing needs doing: it counts them.",
    )
)
NO_KEY = declare(
    FindingKind(
        code="pseudonym_key",
        severity="error",
        what="[data] pseudonyms without its key in the environment",
        happens="nothing is read",
        cure=f"Set {KEY} to the key that runs were made with.",
    )
)
OPTED_OUT_UNKNOWN = declare(
    FindingKind(
        code="opted_out_unknown",
        severity="warning",
        what="users who opted out, of whom no row of the data names one",
        happens="nobody is left out",
        cure="Write their ids as the interactions write them; "
        "where their rows are gone, take them off the list.",
    )
)


@dataclass(frozen=True)
class Filtered:
    """Rows of users after the filter.

    Attributes:
        frame: rows that stay, under the ids that everything else knows.
        findings: how many rows went, never whose.
        notes: the same counts by name.
    """

    frame: pl.DataFrame
    findings: list[Finding] = field(default_factory=list)
    notes: dict[str, int] = field(default_factory=dict)


@dataclass
class PeopleFilter:
    """The treatment of users before anything else sees their rows.

    Attributes:
        is_forgotten: flags people who were forgotten, by plain ids; None where nobody was.
        pseudonyms: take the place of ids; None where ids stay.
        opted_out: plain ids of users who opted out.
    """

    is_forgotten: IsForgotten | None = None
    pseudonyms: Pseudonyms | None = None
    opted_out: set[str] = field(default_factory=set)
    _plain: list[pl.Series] = field(default_factory=list)
    _present: set[str] = field(default_factory=set)

    def apply(self, subject: str, frame: pl.DataFrame, column: str) -> Filtered:
        """Leave out rows of people, and give the others their pseudonyms.

        Args:
            subject: word for what the frame holds, in findings.
            frame: (n,) rows.
            column: holds users' ids as text or labels.

        Returns:
            The rows that stay, with counts of those that went; null ids stay null.
        """
        filtered = Filtered(frame)
        if self.is_forgotten is not None:
            # Each id is tested once: the test is a keyed hash, which takes a while for millions.
            people = frame[column].drop_nulls().unique().cast(pl.String)
            forgotten = people.filter(self.is_forgotten(people))
            gone = _Gone(forgotten, FORGOTTEN, "people who were forgotten")
            filtered = gone.leave_out(filtered, subject, column)
        if self.opted_out:
            listed = pl.Series(sorted(self.opted_out), dtype=pl.String)
            self._present |= set(filtered.frame[column].unique()) & self.opted_out
            gone = _Gone(listed, OPTED_OUT, "users who opted out")
            filtered = gone.leave_out(filtered, subject, column)
        if self.pseudonyms is None:
            return filtered
        ids = filtered.frame[column]
        self._plain.append(ids.drop_nulls().unique(maintain_order=True).cast(pl.String))
        pseudonymous = filtered.frame.with_columns(self.pseudonyms.of_all(ids))
        return replace(filtered, frame=pseudonymous)

    def leaves_out(self, ids: pl.Series) -> pl.Series:
        """Flag ids of people who were forgotten or opted out.

        Args:
            ids: (n,) plain ids, text.

        Returns:
            (n,) bool.
        """
        listed = pl.Series(sorted(self.opted_out), dtype=pl.String)
        if self.is_forgotten is not None:
            people = ids.drop_nulls().unique()
            listed = listed.append(people.filter(self.is_forgotten(people)))
        return ids.is_in(listed.implode()).fill_null(False)

    def stored(self, ids: pl.Series) -> pl.Series:
        """Leave out, of ids that a run stored, users who opted out since.

        Args:
            ids: (n,) ids or pseudonyms, as the run has them.
        """
        gone = pl.Series(sorted(self.opted_out), dtype=pl.String)
        if self.pseudonyms is not None:
            gone = self.pseudonyms.of_all(gone)
        return ids.filter(~ids.cast(pl.String).is_in(gone.implode()))

    def written(self) -> WrittenIds | None:
        """Return the ids that pseudonyms stand for; None without pseudonyms."""
        if self.pseudonyms is None:
            return None
        plain = pl.concat(self._plain).unique(maintain_order=True)
        return WrittenIds(plain, self.pseudonyms.mark)

    def unknown_opted_out(self) -> Finding | None:
        """Find a list of users who opted out of whom nobody is in the data; None for any other."""
        if not self.opted_out or self._present:
            return None
        message = f"of {len(self.opted_out)} users who opted out no row of the data names one"
        return OPTED_OUT_UNKNOWN.finding("opt_out", len(self.opted_out), message)


@dataclass(frozen=True)
class _Gone:
    """People to leave out: their plain ids, the kind of finding, and its words for them."""

    people: pl.Series
    kind: FindingKind
    words: str

    def leave_out(self, filtered: Filtered, subject: str, column: str) -> Filtered:
        """Leave out their rows; how many is noted, whose they were is not."""
        ids = filtered.frame[column]
        is_gone = ids.is_in(self.people.implode()).fill_null(False)
        count = int(is_gone.sum())
        if not count:
            return filtered
        message = f"{count} rows of {ids.filter(is_gone).n_unique()} {self.words} are left out"
        finding = self.kind.finding(subject, count, message)
        note = f"{self.kind.code.removesuffix('_users')}_{subject.replace(' ', '_')}"
        return Filtered(
            filtered.frame.filter(~is_gone),
            [*filtered.findings, finding],
            {**filtered.notes, note: count},
        )
