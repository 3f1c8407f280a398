"""Settings of vectors, facts and queries: where they stand, and by which columns."""

import re
from pathlib import PurePath
from typing import Literal, Self

from pydantic import Field, model_validator

from fusion.core.settings import Settings, outside

NAME = r"^[a-z][a-z0-9_]*$"
"""Names of vectors, which stand in names of columns and of weights."""


class VectorSettings(Settings):
    """One entry of `[data] vectors`."""

    of: Literal["items", "users"] = Field(
        "items",
        description="What the vectors are of: items, or users as what is known of them from the "
        "first day.",
    )
    path: str = Field(
        default="",
        description="Parquet file with a column of lists, or a .npy matrix with a row a vector.",
        json_schema_extra=outside("table"),
    )
    id: str | None = Field(
        default=None,
        min_length=1,
        description="Column of the Parquet file with the id of the item or user. Default: its name "
        "in the interactions.",
    )
    column: str = Field(
        "vector", min_length=1, description="Column of the Parquet file with lists of numbers."
    )
    ids: str | None = Field(
        default=None,
        min_length=1,
        description="Text file with the ids of a .npy matrix, one id a line, in its order.",
        json_schema_extra=outside("file"),
    )
    name: str | None = Field(
        default=None,
        pattern=NAME,
        description="What features and weights call them. Default: the name of the file.",
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not self.path.strip():
            raise ValueError("vectors need a path: a Parquet file, or a .npy matrix")
        if self.is_matrix and self.ids is None:
            raise ValueError(
                f"{self.path} is a matrix without ids; name the text file that holds them, one id "
                "a line, by ids"
            )
        if not self.is_matrix and self.ids is not None:
            raise ValueError(
                f"ids go with a .npy matrix, and {self.path} is none; name the column of ids by id"
            )
        if not re.match(NAME, self.called):
            raise ValueError(
                f"{self.called!r} is no name for vectors; give one by name: lower-case letters, "
                "digits and _, a letter first"
            )
        return self

    @property
    def is_matrix(self) -> bool:
        """Whether they are a .npy matrix with a file of ids."""
        return self.path.lower().endswith(".npy")

    @property
    def called(self) -> str:
        """What features and weights call them."""
        stem = PurePath(self.path).stem.lower()
        return self.name or re.sub(r"[^a-z0-9]+", "_", stem).strip("_")


class FactColumns(Settings):
    """Columns of the facts by what they mean."""

    item: str | None = Field(
        default=None,
        min_length=1,
        description="Column with the item's id. Default: its name in the interactions.",
    )
    relation: str = Field(
        "relation", min_length=1, description="Column with the relation, such as director."
    )
    value: str = Field(
        "value", min_length=1, description="Column with what the item is related to."
    )
    valid_from: str | None = Field(
        default=None,
        min_length=1,
        description="Column with the time from which a fact counts. Default: valid_from, where "
        "there is such a column; an empty cell counts always.",
    )


class QueryColumns(Settings):
    """Columns of the queries by what they mean."""

    user: str | None = Field(
        default=None,
        min_length=1,
        description="Column with the user's id. Default: its name in the interactions.",
    )
    text: str = Field("text", min_length=1, description="Column with what the user wrote.")
    time: str | None = Field(
        default=None,
        min_length=1,
        description="Column with the moment. Default: its name in the interactions, or else time.",
    )


def refuse_repeated(vectors: tuple[VectorSettings, ...]) -> None:
    """Refuse two vectors of one name.

    Args:
        vectors: those of `[data]`.

    Raises:
        ValueError: the message names them.
    """
    names = [one.called for one in vectors]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(
            f"two of [data] vectors are called {', '.join(repeated)}; features are named by them: "
            "give one another name"
        )
