"""What a year of nights in fast motion is made of."""
