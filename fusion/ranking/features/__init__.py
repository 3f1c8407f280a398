"""Features of candidates, each declared once."""

# Declares the features, so that the register is never read half full.
import fusion.ranking.features.columns  # noqa: F401
import fusion.ranking.features.query_columns  # noqa: F401
import fusion.ranking.features.side_columns  # noqa: F401
import fusion.ranking.features.taker_columns  # noqa: F401
