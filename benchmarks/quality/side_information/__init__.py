"""With and without what a shop knows of its items: vectors and facts."""
