"""Pages of our own, as HTML."""
