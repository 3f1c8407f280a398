from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from fusion.ingest.settings import DataSettings


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., DataSettings]:
    """Write rows (dicts of text cells) as CSV files and give settings that name them."""

    def make(
        rows: list[dict[str, Any]], *, items: Any = None, users: Any = None, **settings: Any
    ) -> DataSettings:
        for name, content in (("interactions", rows), ("items", items), ("users", users)):
            if content is not None:
                pl.DataFrame(content, infer_schema_length=None).write_csv(tmp_path / f"{name}.csv")
                settings[name] = f"{name}.csv"
        columns = {"time": "time", "weight": "weight", **settings.pop("columns", {})}
        return DataSettings(columns=columns, **settings)

    return make
