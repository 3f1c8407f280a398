"""The user's own checks of one table: prepared before it is read, carried out on rows in use."""

from dataclasses import dataclass, replace

import polars as pl
from polars.exceptions import PolarsError

from fusion.core.findings import EXAMPLES, Finding, Unusable, example_rows
from fusion.ingest.formats.files import ROW, Table
from fusion.ingest.formats.missing_columns import with_nearest
from fusion.ingest.own_checks.check_settings import CheckSettings
from fusion.ingest.own_checks.conditions import Condition, condition_of
from fusion.ingest.own_checks.expression_types import short_reason
from fusion.ingest.own_checks.own_findings import OF_ACTION, UNUSABLE
from fusion.ingest.own_checks.person_column import PersonColumn
from fusion.ingest.own_checks.quarantine import Quarantine
from fusion.ingest.settings import DataSettings


@dataclass(frozen=True)
class PreparedCheck:
    """A check that can be carried out on a table.

    Attributes:
        settings: of the check.
        condition: what breaks it.
    """

    settings: CheckSettings
    condition: Condition


@dataclass(frozen=True)
class Checked:
    """The outcome of the checks of a table.

    Attributes:
        findings: one for each check that is broken.
        quarantine: the rows that are put aside; None where there are none.
    """

    findings: list[Finding]
    quarantine: Quarantine | None


class OwnChecks:
    """The checks of `[[data.checks]]` on one table.

    Nothing but flags is kept of the rows, one bit a row and check: the columns that checks look at
    are read in a pass of their own, in blocks.
    """

    def __init__(self, settings: DataSettings, table: Table, findings: list[Finding]) -> None:
        """Prepare the checks: types are tried on one row, and nothing is read.

        Args:
            settings: with all checks; those on other tables are passed over.
            table: the opened table.
            findings: takes the trouble of each check but the last, which is raised.

        Raises:
            Unusable: a check cannot be carried out on the table's columns.
        """
        self._table = table
        self._checks: list[PreparedCheck] = []
        troubles: list[Finding] = []
        own = [check for check in settings.checks if check.table == table.subject]
        for place, check in enumerate(own):
            try:
                condition = _prepare(check, f"check {place}", table, settings.timezone)
            except ValueError as error:
                message = f"the check {check.name!r} cannot be carried out: {error}"
                troubles.append(_named(UNUSABLE.finding(table.subject, 1, message), check))
            else:
                self._checks.append(PreparedCheck(check, condition))
        if troubles:
            *others, last = troubles
            findings += others
            raise Unusable(last)

    def __bool__(self) -> bool:
        return bool(self._checks)

    def carry_out(self, rows: pl.Series, person: PersonColumn | None) -> Checked:
        """Look at rows.

        Args:
            rows: (n,) numbers of rows as `Table.pick` gives them, in the order in which the first
                of equal rows counts.
            person: column of users' ids; None where rows are nobody's.

        Returns:
            Findings, and the rows to put aside.

        Raises:
            Unusable: a check cannot be evaluated.
        """
        try:
            bad = self._bad_rows(rows)
        except PolarsError as error:
            message = f"a check cannot be evaluated: {short_reason(error)}"
            raise UNUSABLE.stop(self._table.subject, message) from error
        examples = self._examples(bad, person)
        findings = self._findings(bad, len(rows), examples)
        # Above the limit a finding is an error: nothing is trained, and other findings should be
        # about the rows that there are.
        warned = [finding.check for finding in findings if finding.severity == "warning"]
        aside = {}
        for check in self._checks:
            name = check.settings.name
            if check.settings.severity == "quarantine" and name in warned:
                aside[name] = bad[name]
        quarantine = Quarantine(self._table, aside, person) if aside else None
        return Checked(findings, quarantine)

    def _bad_rows(self, rows: pl.Series) -> dict[str, pl.Series]:
        """Numbers of the rows that break each check, by its name, ascending."""
        flags = self._flags_by_row(rows)
        bad = {}
        for check in self._checks:
            name, condition = check.settings.name, check.condition
            if condition.judge is not None:
                # All rows of the table are read, and those in use are judged, in their order.
                cells = self._table.scan(check.settings.columns).collect(engine="streaming")
                is_bad = condition.judge(cells[rows.cast(pl.Int64) - 1])
            elif condition.is_bad is not None:
                is_bad = flags[name]
            else:
                bad[name] = rows.head(0)
                continue
            bad[name] = rows.filter(is_bad).sort()
        return bad

    def _flags_by_row(self, rows: pl.Series) -> pl.DataFrame:
        """Flags (n,) of all checks that judge rows one by one, in one pass over the files."""
        columns: list[str] = []
        inputs: list[pl.Expr] = []
        flags: list[pl.Expr] = []
        for check in self._checks:
            if check.condition.is_bad is not None:
                columns += check.settings.columns
                inputs += check.condition.inputs
                flags.append(check.condition.is_bad.alias(check.settings.name))
        if not flags:
            return pl.DataFrame()
        scanned = self._table.scan(dict.fromkeys(columns)).with_columns(inputs)
        # Flags of all rows take one bit each; those of rows in use are picked out of them.
        return scanned.select(flags).collect(engine="streaming")[rows.cast(pl.Int64) - 1]

    def _findings(
        self,
        bad: dict[str, pl.Series],
        n_rows: int,
        examples: dict[str, list[dict[str, object]]],
    ) -> list[Finding]:
        findings = []
        for check in self._checks:
            settings, must = check.settings, check.condition.must
            kind = OF_ACTION[settings.severity]
            subject, name = self._table.subject, settings.name
            if settings.min_rows is not None:
                if n_rows < settings.min_rows:
                    message = f"the check {name!r} asks for {must}, and there are {n_rows}"
                    finding = kind.finding(subject, n_rows, message)
                    findings.append(_named(finding, settings))
            elif len(bad[name]):
                count = len(bad[name])
                message = f"{count} of {n_rows} rows break the check {name!r}: {must}"
                shown = examples[name]
                finding = kind.finding(subject, count, message, shown, total=n_rows)
                findings.append(_named(finding, settings))
        return findings

    def _examples(
        self, bad: dict[str, pl.Series], person: PersonColumn | None
    ) -> dict[str, list[dict[str, object]]]:
        """First bad rows of each check: their numbers, and the cells that it looks at."""
        wanted = {name: numbers.head(EXAMPLES) for name, numbers in bad.items() if len(numbers)}
        if not wanted:
            return {}
        numbers = pl.concat(list(wanted.values())).unique().sort()
        # One pass over the files fetches the examples of all checks.
        cells = self._table.rows(numbers)
        if person is not None:
            cells = person.hidden_in(cells)
        examples = {}
        for check in self._checks:
            name = check.settings.name
            if name in wanted:
                is_shown = numbers.is_in(wanted[name].implode())
                shown = cells.filter(is_shown).select(check.settings.columns)
                # A column of the file may be called row as well: then its cell is shown.
                row = pl.DataFrame({ROW: wanted[name]}).drop(shown.columns, strict=False)
                examples[name] = example_rows(pl.concat([row, shown], how="horizontal"))
        return examples


def _prepare(check: CheckSettings, prefix: str, table: Table, zone: str) -> Condition:
    """Build the condition of a check, and try it on no rows.

    Raises:
        ValueError: a column is missing, or its type has no meaning there.
    """
    for part in table.parts:
        missing = [name for name in check.columns if name not in part.columns]
        if missing:
            named = ", ".join(with_nearest(name, part.columns) for name in missing)
            raise ValueError(f"{part.name} has no column {named}")
    try:
        schema = dict(table.scan(check.columns).collect_schema()) if check.columns else {}
        condition = condition_of(check, prefix, schema, zone)
        one_row = pl.DataFrame({name: pl.Series([None], dtype=t) for name, t in schema.items()})
        filled = one_row.with_columns(pl.col(pl.String).fill_null("x"))
        if condition.is_bad is not None:
            filled.lazy().with_columns(condition.inputs).select(condition.is_bad).collect()
        if condition.judge is not None:
            condition.judge(filled)
    except (PolarsError, Unusable) as error:
        raise ValueError(short_reason(error)) from error
    return condition


def _named(finding: Finding, check: CheckSettings) -> Finding:
    """Add the name of the check to a finding."""
    return replace(finding, check=check.name)
