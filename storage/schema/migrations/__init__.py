"""Alembic's folder: `env.py` runs the files of `versions`, over a connection from `upgrade`."""
