"""Map the content of items into a collaborative item space."""
