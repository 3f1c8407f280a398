"""What is held of a person, found and put together."""
