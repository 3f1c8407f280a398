"""One file a recommender; importing this package registers them all."""
