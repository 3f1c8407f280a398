"""Lists of users without a history, from their attributes."""
