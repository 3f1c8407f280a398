"""The verbs as Prefect flows, and their deployments."""
