"""Pages for the morning: today, alerts, history, watches."""
