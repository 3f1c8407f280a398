"""The steps of the loop, as plain functions of a session."""
