"""What the pages about runs read."""
