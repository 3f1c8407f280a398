"""Ask what each source adds, on label folds alone, and leave out those that do not pay."""
