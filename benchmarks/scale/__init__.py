"""How fast and how large: trainings, publishing, rules."""
