"""The population stability index of numbers, over deciles of the reference."""

from dashboards.measures.measure import DriftMeasure
from fusion.metrics.divergence import number_codes, psi

PSI = DriftMeasure(
    name="psi",
    label="PSI, deciles",
    meaning="Numbers: population stability index (PSI) over deciles of the reference.",
    kind="number",
    applies=lambda column: column.dtype.is_numeric(),
    to_codes=number_codes,
    distance=psi,
    limit=lambda settings: settings.drift_limit,
)
