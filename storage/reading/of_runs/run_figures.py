"""Everything that was measured of a run, without a frame: pages read a thousand rows at most."""

from dataclasses import dataclass

from sqlalchemy import Engine, select

from storage.schema.tables import metric


@dataclass(frozen=True)
class Figure:
    """A row of `metric`.

    Attributes:
        subject: what was measured.
        segment: of users, or a column.
        name: of the figure.
        k: places of lists that count; 0 where no list is cut.
        value: of the figure.
        low: lower end of its interval; None where it has none.
        high: upper end.
    """

    subject: str
    segment: str
    name: str
    k: int
    value: float
    low: float | None
    high: float | None


def run_figures(engine: Engine, run_no: int) -> list[Figure]:
    """Return everything that was measured of a run.

    Args:
        engine: from `connect`.
        run_no: the run.

    Returns:
        Figures by subject, segment, name and k; those without a value are left out.
    """
    columns = [metric.c[name] for name in Figure.__dataclass_fields__]
    statement = select(*columns).where(metric.c.run_no == run_no, metric.c.value.is_not(None))
    statement = statement.order_by(metric.c.subject, metric.c.segment, metric.c.name, metric.c.k)
    with engine.connect() as connection:
        return [Figure(*row) for row in connection.execute(statement)]
