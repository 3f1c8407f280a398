"""What is looked for in data: one named check a function, each with its rule beside it."""
