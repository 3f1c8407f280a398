"""What the pages about items read."""
