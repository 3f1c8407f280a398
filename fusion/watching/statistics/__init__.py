"""Judgement of figures by their own past, at a stated rate of false alarms."""
