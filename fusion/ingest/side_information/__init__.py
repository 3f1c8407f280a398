"""What is known of items besides interactions and the items file: vectors and facts."""
