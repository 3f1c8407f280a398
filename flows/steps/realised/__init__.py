"""What became of published lists, by events after them."""
