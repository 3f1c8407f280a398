"""What the tables share: the metadata that holds them, and columns of the same kind."""

from sqlalchemy import JSON, Column, ForeignKey, Integer, MetaData

# Every constraint has a name, by which a migration can change it on both databases.
metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


REPORT = JSON(none_as_null=True)
"""Type of what is stored whole: None is SQL's NULL, not the JSON text `null`."""


def run_no_column(
    name: str = "run_no", *, nullable: bool = False, key: bool = False
) -> Column[int]:
    """Make a column that holds the number of a run in `run`."""
    return Column(name, Integer, ForeignKey("run.run_no"), nullable=nullable, primary_key=key)
