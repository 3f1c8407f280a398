"""Accounts that act together to promote items, judged from histories alone."""
