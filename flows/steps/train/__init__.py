"""Train a run and store it with its lists."""
