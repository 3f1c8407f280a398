"""What is served beside what was judged: the ranker that serves, its twin, and the sources."""
