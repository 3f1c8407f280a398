"""Neural networks of the sources `neural` and `autoencoder`, and how they are trained."""
