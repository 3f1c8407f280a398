"""What came of a flow run, as Prefect shows and sends it: artifacts and events."""
