"""Columns of figures about a run, as the SQL table `metric` takes them."""

import polars as pl

METRIC_SCHEMA = pl.Schema(
    {
        "subject": pl.String,
        "segment": pl.String,
        "name": pl.String,
        "k": pl.Int64,
        "value": pl.Float64,
        "low": pl.Float64,
        "high": pl.Float64,
    }
)
