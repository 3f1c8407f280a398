"""Show results on the terminal."""
