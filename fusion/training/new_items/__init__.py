"""New items: known to the ranker as a state of its training, and proposed beside the known ones."""
