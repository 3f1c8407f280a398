"""Move the pointers that say which run is shown."""
