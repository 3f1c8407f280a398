"""A package whose sources do whatever a source must not, and how a test installs it."""
