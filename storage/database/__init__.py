"""Engines, URLs, settings and errors of SQLite and PostgreSQL."""
