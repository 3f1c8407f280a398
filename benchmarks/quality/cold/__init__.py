"""New items: which are hidden, in which world, and what ranks them."""
