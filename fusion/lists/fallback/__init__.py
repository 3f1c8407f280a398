"""Lists for users without a history: what is popular, and what nobody has taken yet."""
