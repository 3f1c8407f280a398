"""Messages for people and machines outside, and what became of each at each receiver."""
