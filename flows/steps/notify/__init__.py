"""Tell people and machines outside what happened: alerts, refused and failed runs, publications."""
