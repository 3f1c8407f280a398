"""Pages about one user, and about one item."""
