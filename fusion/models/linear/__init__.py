"""Linear models of the sources `ease` and `sequence_ridge`."""
