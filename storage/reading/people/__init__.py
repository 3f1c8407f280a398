"""Read what runs hold of one user, and of one item."""
