"""Building blocks that know nothing of recommenders: arrays, hashing, findings, threads."""
