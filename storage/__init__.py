"""Runs and lists in SQL: tables, bulk load, publish, read. SQLite and PostgreSQL."""
