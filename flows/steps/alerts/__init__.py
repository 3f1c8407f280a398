"""Alerts on a run that need its manifest: its sources, findings of its data, what else differs."""
