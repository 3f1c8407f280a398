"""The `[data]` section: where interactions, items and users stand, and what their columns mean."""

from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from fusion.core.settings import Settings, outside
from fusion.ingest.column_settings import (
    Column,
    Columns,
    ItemColumns,
    ItemFeatures,
    UserColumns,
    UserFeatures,
    column_name,
    refuse_key,
    refuse_names,
    refuse_negative,
    refuse_unknown_zone,
    require_file,
)
from fusion.ingest.own_checks.check_settings import CheckSettings, TableName
from fusion.ingest.side_information.settings import (
    FactColumns,
    QueryColumns,
    VectorSettings,
    refuse_repeated,
)
from fusion.ingest.table_settings import Source, refuse_incomplete


class DataSettings(Settings):
    """Settings of `[data]`; only `interactions` has no default."""

    interactions: Source = Field(
        description="CSV or Parquet file, folder or glob, or { url, query }.",
        json_schema_extra=outside("table"),
    )
    items: Source | None = Field(
        default=None,
        description="The catalogue, in the same forms. Optional.",
        json_schema_extra=outside("table"),
    )
    users: Source | None = Field(
        default=None,
        description="What is known of users, in the same forms. Optional.",
        json_schema_extra=outside("table"),
    )
    facts: Source | None = Field(
        default=None,
        description="What is known of items, a row a fact: item, relation, value; in the same "
        "forms. Optional.",
        json_schema_extra=outside("table"),
    )
    queries: Source | None = Field(
        default=None,
        description="Searches and reviews: user, text, time; in the same forms. Optional.",
        json_schema_extra=outside("table"),
    )
    vectors: tuple[VectorSettings, ...] = Field(
        default=(),
        description="Vectors of items or users that you have: of pictures, sounds, models.",
    )
    opt_out: str | None = Field(
        default=None,
        min_length=1,
        description="Text file of users who opted out, one id a line: they are never trained on, "
        "and get the fallback.",
        json_schema_extra=outside("file"),
    )
    suspicious: Literal["keep", "warn", "drop", "downweight"] = Field(
        "warn",
        description="Accounts that seem to promote items together: keep (nobody looks), warn (they "
        "are counted), drop (as if they opted out), downweight (a tenth of their events trains).",
    )
    pseudonyms: bool = Field(
        default=False,
        description="Keyed hashes stand for the ids of users in all that is made; the key is "
        "FUSION_PSEUDONYM_KEY in the environment.",
    )
    positive: str | None = Field(
        default=None,
        description='Which interactions count as liked, such as "weight >= 4". Default: all.',
    )
    timezone: str = Field(
        "UTC",
        description="Where times without a zone were written, such as Asia/Shanghai; the verdict's "
        "window ends at a midnight there.",
    )
    columns: Columns = Field(
        default_factory=Columns, description="Columns of the interactions by what they mean."
    )
    events: dict[str, float] = Field(
        default_factory=dict,
        description="Weight of each kind of event, such as { purchase = 5, click = 1 }.",
    )
    item_columns: ItemColumns = Field(
        default_factory=ItemColumns, description="Columns of the items file by what they mean."
    )
    user_columns: UserColumns = Field(
        default_factory=UserColumns, description="Columns of the users file by what they mean."
    )
    fact_columns: FactColumns = Field(
        default_factory=FactColumns, description="Columns of the facts by what they mean."
    )
    query_columns: QueryColumns = Field(
        default_factory=QueryColumns, description="Columns of the queries by what they mean."
    )
    item_features: ItemFeatures = Field(
        default_factory=ItemFeatures, description="Columns of the items file that describe an item."
    )
    user_features: UserFeatures = Field(
        default_factory=UserFeatures, description="Columns of the users file that describe a user."
    )
    checks: tuple[CheckSettings, ...] = Field(
        default=(), description="Checks of your own, which rows of the data must hold."
    )

    @model_validator(mode="before")
    @classmethod
    def _no_key(cls, content: Any) -> Any:
        refuse_key(content)
        return content

    @field_validator("interactions", "items", "users", "facts", "queries")
    @classmethod
    def _complete(cls, source: Source | None) -> Source | None:
        refuse_incomplete(source)
        return source

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        refuse_unknown_zone(name)
        return name

    @field_validator("events")
    @classmethod
    def _weights_from_zero(cls, events: dict[str, float]) -> dict[str, float]:
        refuse_negative(events)
        return events

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.events and self.columns.event is None:
            raise ValueError(
                "[data.events] needs [data.columns] event, the column that holds their names"
            )
        if self.user_columns.opt_out is not None and self.users is None:
            raise ValueError(
                "[data.user_columns] opt_out needs [data] users, the file that holds the column"
            )
        require_file("items", "item_features", self.items, self.item_features)
        require_file("users", "user_features", self.users, self.user_features)
        require_file("facts", "fact_columns", self.facts, self.fact_columns)
        require_file("queries", "query_columns", self.queries, self.query_columns)
        refuse_repeated(self.vectors)
        refuse_names("item_features", self.item_features)
        refuse_names("user_features", self.user_features)
        self._require_named_tables()
        self._require_one_way()
        return self

    def _require_one_way(self) -> None:
        """Raise ValueError where columns of one file are given both by name and by position."""
        for table in ("interactions", "items", "users"):
            if getattr(self, table) is None:
                continue
            columns = self._columns_of(table)
            positions = [column for column in columns if isinstance(column, int)]
            names = [column for column in columns if isinstance(column, str)]
            if positions and names:
                raise ValueError(
                    f"columns of the {table} are given by name ({names[0]!r}) and by position "
                    f"({positions[0]}); a file has a line of names or has none: give all by name, "
                    "or all by position, from 1"
                )
            is_log = getattr(self, table) == self.interactions
            id_column = {"items": self.item_columns.id, "users": self.user_columns.id}.get(table)
            by_position = positions or isinstance(self.columns.user, int)
            if not is_log and id_column is None and by_position:
                raise ValueError(
                    f"[data.{table[:-1]}_columns] id is needed, since columns are given by "
                    "position: say which column of that file holds the ids"
                )

    def _columns_of(self, table: TableName) -> list[Column]:
        """Columns of a table's files that settings and checks name; defaults where they apply."""
        sections: dict[str, list[Settings]] = {
            "interactions": [self.columns],
            "items": [self.item_columns, self.item_features],
            "users": [self.user_columns, self.user_features],
        }
        # One file may be the interactions and the items.
        tables = [name for name in sections if getattr(self, name) == getattr(self, table)]
        columns: list[Column] = []
        for name in tables:
            for section in sections[name]:
                for value in section.model_dump().values():
                    columns += value if isinstance(value, tuple) else [value]
        for check in self.checks:
            if check.table in tables:
                columns += check.named
        return [column for column in columns if column is not None]

    def is_by_position(self, table: TableName) -> bool:
        """Return True for a table whose columns are given by position: its files have no names.

        Args:
            table: which of the tables.
        """
        return any(isinstance(column, int) for column in self._columns_of(table))

    def _require_named_tables(self) -> None:
        """Raise ValueError for two checks of one name, or one of a table that is not there."""
        names = [check.name for check in self.checks]
        for check in self.checks:
            if names.count(check.name) > 1:
                raise ValueError(
                    f"two of [[data.checks]] are called {check.name!r}; findings name them: "
                    "rename one"
                )
            if getattr(self, check.table) is None:
                raise ValueError(
                    f"the check {check.name!r} looks at {check.table}, and [data] names no such "
                    f"file: set [data] {check.table}, or remove the check"
                )

    @property
    def item_id(self) -> str:
        """Column of the items file that holds ids."""
        return column_name(self.item_columns.id or self.columns.item)

    @property
    def user_id(self) -> str:
        """Column of the users file that holds ids."""
        return column_name(self.user_columns.id or self.columns.user)

    def person_column(self, table: str) -> str | None:
        """Return the column of a table's files that holds users' ids; None where none does.

        Args:
            table: "interactions", "items", "users" or "queries".
        """
        if table == "users":
            return self.user_id
        if table == "queries":
            return self.query_columns.user or column_name(self.columns.user)
        # One file may be the interactions and the items: then its rows are people's, too.
        is_log = table == "interactions" or self.items == self.interactions
        return column_name(self.columns.user) if is_log else None
