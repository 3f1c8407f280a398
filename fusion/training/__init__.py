"""Train: tune and fit the sources, then run stage after stage to admitted lists."""
