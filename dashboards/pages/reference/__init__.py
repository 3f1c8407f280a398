"""Pages about the dashboards themselves."""
