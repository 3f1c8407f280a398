"""Groups of items that figures and rules are about: categories, head, middle, tail and new."""
