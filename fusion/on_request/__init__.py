"""Lists made on request: for somebody of whom a few items, or a sentence, are all that is known."""
