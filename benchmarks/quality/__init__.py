"""How good the published lists are, beside every source and other libraries."""
