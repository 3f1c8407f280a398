"""Lists made on request, measured."""
