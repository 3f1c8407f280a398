from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from fusion.ingest.load import Inspection, inspect_data
from fusion.ingest.settings import DataSettings
from tests.fusion.ingest.planted import clean_rows


@pytest.fixture
def look(tmp_path: Path) -> Callable[..., Inspection]:
    """Read 1,200 faultless interactions with the 24 items "1" to "24", and what is said besides."""
    pl.DataFrame(clean_rows()).write_csv(tmp_path / "log.csv")

    def read(**settings: Any) -> Inspection:
        columns = {"time": "time", "weight": "weight", **settings.pop("columns", {})}
        wanted = DataSettings(interactions="log.csv", columns=columns, **settings)
        return inspect_data(wanted, tmp_path)

    return read
