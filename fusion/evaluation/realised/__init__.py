"""Published lists judged by what happened after them."""
