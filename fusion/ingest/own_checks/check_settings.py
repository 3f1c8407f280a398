"""One entry of `[[data.checks]]`: what it looks at, what must hold, and what happens otherwise."""

from typing import Literal, Self

from pydantic import Field, StrictFloat, StrictInt, StrictStr, model_validator

from fusion.core.settings import Settings
from fusion.ingest.column_settings import Column, column_names
from fusion.ingest.own_checks.expression_guard import pieces_of

TableName = Literal["interactions", "items", "users"]
Action = Literal["warn", "quarantine", "refuse"]
Value = StrictInt | StrictFloat | StrictStr
RULES = ("min", "max", "values", "pattern", "unique", "min_rows", "expression")
"""Keys that say what must hold; a check has one of them, or `min` and `max`."""
OF_A_COLUMN = {"min", "max", "values", "pattern"}
MAX_PATTERN = 1000
"""Characters of a pattern: longer ones are lists of values, which have their own key."""


class CheckSettings(Settings):
    """A check of the user's own; a row breaks it where what must hold is false."""

    name: str = Field(
        min_length=1, max_length=100, description="What findings call the check; unique."
    )
    table: TableName = Field("interactions", description="The table it looks at.")
    severity: Action = Field(
        "warn",
        description="What happens to rows that break it: warn keeps them, quarantine puts them "
        "aside into the run's folder, refuse ends before training.",
    )
    column: Column | None = Field(
        default=None,
        description="Column of the file that min, max, values or pattern is about.",
    )
    min: Value | None = Field(
        default=None, description="Smallest number allowed, or earliest time as text."
    )
    max: Value | None = Field(
        default=None, description="Largest number allowed, or latest time as text."
    )
    values: tuple[Value, ...] = Field(
        default=(), description="The values allowed: all of them text, or all of them numbers."
    )
    pattern: str | None = Field(
        default=None,
        min_length=1,
        max_length=MAX_PATTERN,
        description="Regular expression (Rust's) that a whole cell must match.",
    )
    unique: tuple[Column, ...] = Field(
        default=(), description="Columns whose cells together no two rows may share."
    )
    min_rows: int | None = Field(default=None, ge=1, description="Rows the table must have.")
    expression: str | None = Field(
        default=None, description="SQL over columns of one row that must not be false."
    )

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        given = [key for key in RULES if getattr(self, key) not in (None, ())]
        kinds = {"min" if key == "max" else key for key in given}
        if len(kinds) != 1:
            named = f"has {', '.join(given)}" if given else "says nothing that must hold"
            raise ValueError(
                f"the check {self.name!r} {named}; give one of min and max, values, pattern, "
                "unique, min_rows, expression"
            )
        self._require_column(bool(OF_A_COLUMN.intersection(given)))
        if self.min_rows is not None and self.severity == "quarantine":
            raise ValueError(
                f"the check {self.name!r} counts rows, and none could be put aside: use severity "
                '"warn" or "refuse"'
            )
        return self

    @model_validator(mode="after")
    def _readable(self) -> Self:
        _require_one_type(self.name, "values", self.values)
        bounds = tuple(bound for bound in (self.min, self.max) if bound is not None)
        _require_one_type(self.name, "min and max", bounds)
        # Texts of bounds are times, which are compared once they are read.
        is_number = all(isinstance(bound, int | float) for bound in bounds)
        if len(bounds) == 2 and is_number and bounds[0] > bounds[1]:  # type: ignore[operator]
            raise ValueError(
                f"the check {self.name!r} has min {bounds[0]} above max {bounds[1]}: swap them"
            )
        if self.expression is not None:
            try:
                pieces_of(self.expression)
            except ValueError as error:
                raise ValueError(f"the check {self.name!r}: {error}") from error
        return self

    def _require_column(self, is_needed: bool) -> None:
        """Raise ValueError where `column` is missing, or given to a rule that has no use for it."""
        if is_needed and self.column is None:
            raise ValueError(f"the check {self.name!r} needs `column`, the one that it looks at")
        if not is_needed and self.column is not None:
            raise ValueError(
                f"the check {self.name!r} has a `column` that its rule does not use: remove it"
            )

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the file that it looks at, each once; none where it counts rows."""
        if self.expression is not None:
            named = [piece.value for piece in pieces_of(self.expression) if piece.kind == "column"]
            return tuple(dict.fromkeys(named))
        return column_names(self.named)

    @property
    def named(self) -> tuple[Column, ...]:
        """Columns that its keys name; those of an expression stand inside of it."""
        return self.unique or (() if self.column is None else (self.column,))


def _require_one_type(name: str, key: str, values: tuple[Value, ...]) -> None:
    """Raise ValueError for text beside numbers: a cell is read as one of the two."""
    if len({isinstance(value, str) for value in values}) > 1:
        raise ValueError(
            f"the check {name!r} has both text and numbers in {key}: write all in quotes, or none"
        )
