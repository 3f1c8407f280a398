"""The loop as Prefect flows over plain functions, and the command line."""
