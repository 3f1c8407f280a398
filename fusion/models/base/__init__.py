"""The contract of a recommender, and the bases that families of models share."""
