"""Pages about trainings: all of them, one, and two beside each other."""
