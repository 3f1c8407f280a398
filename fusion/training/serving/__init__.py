"""What is served is measured before it is admitted: serving fits beside those that were judged."""
