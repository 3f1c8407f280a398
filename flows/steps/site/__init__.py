"""The dashboards of a placement: what their pages read, and how they are served."""
