"""Building blocks that know nothing of recommenders: arrays, hashing, findings, parallel work, settings."""
