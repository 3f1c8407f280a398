"""Judgement of figures over time: what is beyond health, and what has shifted for good."""
