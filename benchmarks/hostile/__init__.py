"""Accounts that want lists to show something, and lists that feed on themselves."""
