"""The state of a placement as metrics of Prometheus: over HTTP, and as a text file."""
