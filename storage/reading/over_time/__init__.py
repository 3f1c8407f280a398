"""Read what happened in a placement, and how figures moved over its runs."""
