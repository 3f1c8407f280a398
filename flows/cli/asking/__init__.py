"""`fusion ask`: questions to somebody new, and a list from the answers."""
