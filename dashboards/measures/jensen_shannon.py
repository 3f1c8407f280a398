"""The Jensen-Shannon distance of categories, over the words of both sides."""

from dashboards.measures.measure import DriftMeasure
from fusion.metrics.divergence import category_codes, jensenshannon

JENSEN_SHANNON = DriftMeasure(
    name="jensenshannon",
    label="Jensen-Shannon",
    meaning="Categories: Jensen-Shannon distance.",
    kind="category",
    applies=lambda _: True,  # every value can be read as a word
    to_codes=category_codes,
    distance=jensenshannon,
    limit=lambda settings: settings.drift_limit,
)
