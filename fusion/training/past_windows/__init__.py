"""What rows that need no ranker scored in past windows, by which a promise knows its width."""
